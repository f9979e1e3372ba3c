using Guardian.Cas.Client.Protocol;
using Guardian.Cas.Sessions;
using static Guardian.Cas.Tests.Outcomes;

namespace Guardian.Cas.Tests.Sessions;

/// <summary>Former texts of a session stay readable for those who could read them.</summary>
public sealed class SessionHistoryTests : IDisposable
{
    private readonly TestCas cas = new();

    public void Dispose() => cas.Dispose();

    [Fact]
    public async Task Former_texts_are_listed_newest_first_and_read_by_their_hash()
    {
        var texts = await ChangeAsync("read: [CREATOR]", "read: [CREATOR]", "read: [CREATOR]");
        var history = await cas.History.ListAsync("shop", TestCas.Alice).ValueAsync();
        Assert.Equal(TestCas.Hash(texts[2]), history.Hash);
        Assert.Equal([TestCas.Hash(texts[1]), TestCas.Hash(texts[0])], history.Former.Select(each => each.Hash));
        Assert.All(history.Former, each => Assert.Equal((KeyHash.Of(TestCas.Alice), "2026-06-01T00:00:00Z"), (each.By, each.Until)));
        foreach (var text in texts)
        {
            var read = await cas.History.ReadAsync("shop", TestCas.Hash(text), TestCas.Alice).ValueAsync();
            Assert.Equal((TestCas.Hash(text), text), (read.Hash, read.Text));
        }
        Assert.Equal(CasReasons.NotFound, await ExpectReasonAsync(cas.History.ReadAsync("shop", new string('0', 64), TestCas.Alice)));
        Assert.Equal(CasReasons.NotFound, await ExpectReasonAsync(cas.History.ListAsync("shop", TestCas.Bob)));
        Assert.Equal(CasReasons.NotFound, await ExpectReasonAsync(cas.History.ReadAsync("shop", history.Hash, TestCas.Bob)));
        cas.Reopen();
        Assert.Equal(2, (await cas.History.ListAsync("shop", TestCas.Alice).ValueAsync()).Former.Count);
    }

    [Fact]
    public async Task A_later_reader_does_not_read_a_text_that_was_closed_to_it()
    {
        var texts = await ChangeAsync("read: [CREATOR]", "read: [ANY], update: [CREATOR]", "read: [ANY], update: [CREATOR]");
        Assert.Equal(2, (await cas.History.ListAsync("shop", TestCas.Bob).ValueAsync()).Former.Count);
        Assert.Equal(texts[1], (await cas.History.ReadAsync("shop", TestCas.Hash(texts[1]), TestCas.Bob).ValueAsync()).Text);
        Assert.Equal(CasReasons.NotFound, await ExpectReasonAsync(cas.History.ReadAsync("shop", TestCas.Hash(texts[0]), TestCas.Bob)));
    }

    [Fact]
    public async Task The_oldest_texts_go()
    {
        var texts = await ChangeAsync([.. Enumerable.Repeat("read: [CREATOR]", 20)]);
        var history = await cas.History.ListAsync("shop", TestCas.Alice).ValueAsync();
        Assert.Equal(HistoryTable.MaxTexts, history.Former.Count);
        Assert.Equal(TestCas.Hash(texts[3]), history.Former[^1].Hash);
        Assert.Equal(CasReasons.NotFound, await ExpectReasonAsync(cas.History.ReadAsync("shop", TestCas.Hash(texts[2]), TestCas.Alice)));
        Assert.Equal(
            HistoryTable.MaxTexts + 1, await cas.Vault.RunAsync(transaction => transaction.ListNames("history", "shop\n").Count));
    }

    private async Task<List<string>> ChangeAsync(params string[] policies)
    {
        var texts = new List<string>();
        foreach (var policy in policies)
        {
            var predecessor = texts.Count == 0 ? "" : $"predecessor: {TestCas.Hash(texts[^1])}\n";
            texts.Add($"{predecessor}access_policy: {{{policy}}}\n{TestCas.Session}");
            await (texts.Count == 1 ? cas.CreateAsync(texts[0]) : cas.UpdateAsync("shop", texts[^1]));
        }
        return texts;
    }
}
