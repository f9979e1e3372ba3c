using Guardian.Cas.Client.Protocol;
using Guardian.Refusals;
using static Guardian.Cas.Tests.Outcomes;

namespace Guardian.Cas.Tests.Sessions;

/// <summary>People create, read and replace sessions.</summary>
public sealed class SessionRegistryTests : IDisposable
{
    private readonly TestCas cas = new();

    public void Dispose() => cas.Dispose();

    [Fact]
    public async Task Only_its_creator_may_see_a_session()
    {
        await cas.CreateAsync(TestCas.Session);
        Assert.Equal(TestCas.Session, (await cas.Sessions.ReadAsync("shop", TestCas.Alice).ValueAsync()).Text);
        var stranger = await ExpectRefusalAsync(cas.Sessions.ReadAsync("shop", TestCas.Bob));
        var absent = await ExpectRefusalAsync(cas.Sessions.ReadAsync("none", TestCas.Bob));
        Assert.Equal((absent.Reason, absent.Detail.Replace("none", "shop", StringComparison.Ordinal)), (stranger.Reason, stranger.Detail));
        Assert.Equal(CasReasons.NotFound, await ExpectReasonAsync(cas.UpdateAsync("shop", Next(), TestCas.Bob)));
        Assert.Equal(CasReasons.Conflict, await ExpectReasonAsync(cas.CreateAsync(TestCas.Session, TestCas.Bob)));
    }

    [Fact]
    public async Task An_update_names_its_predecessor_and_keeps_made_values()
    {
        await cas.CreateAsync(TestCas.Session);
        var before = await cas.ConfigureAsync();
        Assert.Equal(CasReasons.Conflict, await ExpectReasonAsync(cas.UpdateAsync("shop", TestCas.Session)));
        var stale = await ExpectRefusalAsync(cas.UpdateAsync("shop", $"predecessor: {new string('0', 64)}\n{TestCas.Session}"));
        Assert.Contains(TestCas.Hash(TestCas.Session), stale.Detail, StringComparison.Ordinal);
        Assert.Equal(CasReasons.Invalid, await ExpectReasonAsync(cas.UpdateAsync("other", Next())));
        var updateOfNothing = Next().Replace("name: shop", "name: new", StringComparison.Ordinal);
        Assert.Equal(CasReasons.Invalid, await ExpectReasonAsync(cas.CreateAsync(updateOfNothing)));

        await cas.UpdateAsync("shop", Next());
        var after = await cas.ConfigureAsync();
        Assert.Equal(before.Environment["KEY"], after.Environment["KEY"]);
        Assert.NotEqual(before.Command[2].Length, after.Command[2].Length);
        Assert.Equal(CasReasons.Conflict, await ExpectReasonAsync(cas.UpdateAsync("shop", Next())));
    }

    // The CAS draws a new token, because its size differs.
    private static string Next() =>
        $"predecessor: {TestCas.Hash(TestCas.Session)}\n{TestCas.Session.Replace("size: 12", "size: 20", StringComparison.Ordinal)}";
}
