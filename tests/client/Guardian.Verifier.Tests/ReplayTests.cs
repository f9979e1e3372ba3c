using System.Buffers.Text;
using Guardian.Attestation.Envelopes;
using Guardian.Verifier.Freshness;

namespace Guardian.Verifier.Tests;

/// <summary>Old evidence, old nonces and nonces of others get no token. A naive variant gives one in each case.</summary>
public sealed class ReplayTests
{
    // The naive book remembers the texts that it gave out, and takes each text once.
    private sealed class NaiveBook
    {
        private readonly HashSet<string> used = [];

        public bool Takes(string text) => Base64Url.DecodeFromChars(text).Length == NonceBook.Size && used.Add(text);
    }

    [Fact]
    public async Task Evidence_that_was_recorded_earlier_gets_no_token()
    {
        var recorded = Service.Quote(Base64Url.EncodeToString(new byte[32]));
        // Naive: a verifier without nonces signs as of now what may be years old.
        await using var naive = await Service.StartAsync(settings => settings with { AllowStaleEvidence = true });
        var token = (await naive.AppraiseAsync(recorded)).Token();
        Assert.NotNull(TokenVerifier.Verify(token, await naive.KeysAsync(), naive.Clock.Now).Value);
        Assert.Equal(
            "none", (string?)VerifierServiceTests.Claims(token)["submods"]!["sgx"]!["ear_verifier_claims"]!["guardian.freshness"]);

        await using var service = await Service.StartAsync();
        Assert.Equal("nonce-needed", (await service.AppraiseAsync(recorded)).Reason);
        Assert.Equal("wrong-nonce", (await service.AppraiseAsync(recorded, await service.NonceAsync())).Reason);
    }

    [Fact]
    public async Task A_nonce_makes_one_token()
    {
        await using var service = await Service.StartAsync();
        var nonce = await service.NonceAsync();
        var evidence = Service.Quote(nonce);
        (await service.AppraiseAsync(evidence, nonce)).Token();
        Assert.Equal("used-nonce", (await service.AppraiseAsync(evidence, nonce)).Reason);

        var second = await service.NonceAsync();
        var again = Service.Quote(second);
        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => service.AppraiseAsync(again, second)));
        Assert.Single(answers, answer => answer.Type == "application/eat+jwt");
        Assert.All(answers.Where(answer => answer.Type != "application/eat+jwt"), answer => Assert.Equal("used-nonce", answer.Reason));
    }

    [Fact]
    public async Task Evidence_that_does_not_verify_leaves_the_nonce_unused()
    {
        await using var service = await Service.StartAsync();
        var nonce = await service.NonceAsync();
        var forged = Service.Quote(nonce);
        forged[60] ^= 1;
        Assert.Equal("bad-signature", (await service.AppraiseAsync(forged, nonce)).Reason);
        (await service.AppraiseAsync(Service.Quote(nonce), nonce)).Token();
    }

    [Fact]
    public async Task Another_spelling_of_a_used_nonce_is_no_nonce()
    {
        await using var service = await Service.StartAsync();
        var nonce = await service.NonceAsync();
        var evidence = Service.Quote(nonce);
        (await service.AppraiseAsync(evidence, nonce)).Token();
        // 43 characters have 258 bits: the last two belong to no byte.
        const string Alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        var last = Alphabet.IndexOf(nonce[^1], StringComparison.Ordinal);
        var spellings = new[] { nonce + "=", $" {nonce}", nonce + "\n" }
            .Concat(Enumerable.Range(1, 3).Select(spare => nonce[..^1] + Alphabet[(last & ~3) | ((last + spare) & 3)])).ToList();
        // Naive: the text counts, and white space is skipped by the decoder.
        var naive = new NaiveBook();
        Assert.True(naive.Takes(nonce) && naive.Takes($" {nonce}"));
        foreach (var spelling in spellings)
        {
            Assert.Equal("unknown-nonce", (await service.AppraiseAsync(evidence, spelling)).Reason);
        }
    }

    [Fact]
    public async Task A_nonce_of_another_verifier_or_of_nobody_is_unknown()
    {
        await using var service = await Service.StartAsync();
        await using var other = await Service.StartAsync();
        var invented = Base64Url.EncodeToString(new byte[32]);
        // Naive: whatever has the form of a nonce, and was not seen before.
        Assert.True(new NaiveBook().Takes(invented));
        foreach (var nonce in new[] { await other.NonceAsync(), invented, "", "short", new string('A', 10_000), "\0" })
        {
            Assert.Equal("unknown-nonce", (await service.AppraiseAsync(Service.Quote(invented), nonce)).Reason);
        }
        var own = Base64Url.DecodeFromChars(await service.NonceAsync());
        for (var i = 0; i < own.Length; i++)
        {
            own[i] ^= 1;
            Assert.Equal("unknown-nonce", (await service.AppraiseAsync([1], Base64Url.EncodeToString(own))).Reason);
            own[i] ^= 1;
        }
    }

    [Fact]
    public async Task A_nonce_ends()
    {
        await using var service = await Service.StartAsync();
        var nonce = await service.NonceAsync();
        var evidence = Service.Quote(nonce);
        service.Clock.Pass(NonceBook.Lifetime - TimeSpan.FromMilliseconds(1));
        var answer = await service.AppraiseAsync(evidence, nonce);
        service.Clock.Pass(TimeSpan.FromMilliseconds(1));
        answer.Token();
        Assert.Equal("expired-nonce", (await service.AppraiseAsync(evidence, nonce)).Reason);
    }

    // A naive book reads the time of day: a day ahead, it forgets used nonces, and back again, it takes them once more.
    [Fact]
    public void A_clock_that_is_set_gives_no_nonce_a_longer_or_a_second_life()
    {
        var clock = new TestClock(new DateTimeOffset(2026, 6, 1, 0, 0, 0, TimeSpan.Zero));
        var book = new NonceBook(clock);
        var (used, unused) = (book.Make(), book.Make());
        Assert.Null(book.Use(used));
        clock.Now += TimeSpan.FromDays(1);
        Assert.Null(book.Use(book.Make()));
        clock.Now -= TimeSpan.FromDays(2);
        Assert.Equal("used-nonce", book.Read(used.Text).Refusal!.Code);
        Assert.NotNull(book.Read(unused.Text).Value);
        clock.Pass(NonceBook.Lifetime);
        Assert.Equal("expired-nonce", book.Read(unused.Text).Refusal!.Code);
    }

    [Fact]
    public void Used_nonces_are_kept_until_they_end_and_no_longer()
    {
        var clock = new TestClock(new DateTimeOffset(2026, 6, 1, 0, 0, 0, TimeSpan.Zero));
        var book = new NonceBook(clock);
        var first = book.Make();
        Assert.Null(book.Use(first));
        Assert.Equal("used-nonce", book.Use(first)!.Code);
        for (var i = 1; i < NonceBook.MaxUsed; i++)
        {
            Assert.Null(book.Use(book.Make()));
        }
        // A flood of used nonces takes no more memory, and no used nonce is forgotten for it.
        Assert.Equal("busy", book.Use(book.Make())!.Code);
        Assert.Equal("used-nonce", book.Read(first.Text).Refusal!.Code);
        clock.Pass(NonceBook.Lifetime);
        Assert.Null(book.Use(book.Make()));
        Assert.Equal(1, book.UsedCount);
        Assert.Equal("expired-nonce", book.Read(first.Text).Refusal!.Code);
    }
}
