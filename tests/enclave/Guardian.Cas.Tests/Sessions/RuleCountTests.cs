using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Guardian.Attestation.Identity;
using Guardian.Cas.Client.Protocol;
using Guardian.Cas.Client.Sessions;
using Guardian.Cas.Owners;
using Guardian.Cas.Secrets;
using Guardian.Cas.Sessions;
using Guardian.Cas.Store;
using static Guardian.Cas.Tests.Outcomes;

namespace Guardian.Cas.Tests.Sessions;

/// <summary>N of M counts people: one key never stands for two entries of a rule.</summary>
public sealed class RuleCountTests : IDisposable
{
    private readonly TestCas cas = new();
    private readonly IdentityKey bob = IdentityKey.Create();

    public void Dispose()
    {
        cas.Dispose();
        bob.Dispose();
    }

    [Theory]
    [InlineData("require-at-least-2: [CREATOR, CREATOR]", true)]
    [InlineData("require-all: [CREATOR, CREATOR]", true)]
    [InlineData("require-at-least-2: [HASH, BASE64, CREATOR]", true)]
    [InlineData("require-at-least-2: [HASH, {signer: HASH}]", true)]
    [InlineData("require-at-least-2: [{signer: BASE64}, PUBLIC]", true)]
    [InlineData("require-at-least-2: [HASH, CERTIFICATE]", true)]
    [InlineData("require-all: [HASH, {require-at-least-1: [CREATOR, BASE64]}]", true)]
    [InlineData("require-all: [{require-at-least-1: [CREATOR, HASH]}, {require-at-least-1: [OTHER, CREATOR]}]", true)]
    [InlineData("require-all: [{require-all: [{require-all: [HASH]}]}, {signer: BASE64}]", true)]
    [InlineData("require-at-least-1: [HASH, {signer: BASE64}]", true)]
    [InlineData("require-at-least-2: [CREATOR, HASH, OTHER]", false)]
    [InlineData("require-at-least-2: [ANY, ANY]", false)]
    [InlineData("require-at-least-1: [{require-all: [CREATOR, HASH]}, {require-all: [CREATOR, OTHER]}]", false)]
    public void A_key_twice_in_one_rule_is_refused_however_it_is_written(string rule, bool isRefused)
    {
        var text = "name: approvals\naccess_policy:\n  update:\n    - " + Spell(rule) + "\n";
        var (document, refusal) = SessionDocument.Read(Encoding.UTF8.GetBytes(text));
        Assert.Equal(isRefused, document is null);
        if (isRefused)
        {
            Assert.Contains("a key counts once", Assert.Single(refusal!.Problems), StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_list_names_a_key_once_as_well()
    {
        var (_, refusal) = SessionDocument.Read(Encoding.UTF8.GetBytes(Spell("name: a\naccess_policy:\n  read: [HASH, BASE64]\n")));
        Assert.StartsWith("3:", Assert.Single(refusal!.Problems), StringComparison.Ordinal);
    }

    [Fact]
    public async Task One_person_is_not_two_when_CREATOR_is_another_name_of_the_key()
    {
        var alice = KeyHash.Of(TestCas.Alice);
        var session = $"access_policy: {{read: [ANY], update: [{{require-at-least-2: [CREATOR, {alice}, {bob.PublicKey}]}}]}}\n"
            + TestCas.Session;
        await cas.CreateAsync(session);
        var next = $"predecessor: {TestCas.Hash(session)}\n{session}";

        // Naive: entries that hold are counted.
        var rule = SessionDocument.Read(TestCas.Utf8(session)).Value!.Access.Update;
        Assert.True(CountEntries(rule, [alice], alice));

        var refused = await ExpectRefusalAsync(cas.Sessions.UpdateAsync("shop", TestCas.Utf8(next), TestCas.Alice));
        Assert.Equal(CasReasons.Denied, refused.Reason);
        Assert.Contains($"{alice} counts once, however it is written: it is CREATOR", refused.Problems);
        // Bob is another person.
        var signature = SessionSignature.Create(TestCas.Hash(next), bob);
        await cas.Sessions.UpdateAsync("shop", TestCas.Utf8(next), TestCas.Alice, [signature]).ValueAsync();
    }

    [Fact]
    public void A_session_of_an_earlier_release_stays_readable_and_counts_people()
    {
        var alice = KeyHash.Of(TestCas.Alice);
        var text = $"name: old\naccess_policy: {{update: [{{require-at-least-2: [CREATOR, CREATOR, {alice}, {bob.PublicKey}]}}]}}\n";
        Assert.NotNull(SessionDocument.Read(TestCas.Utf8(text)).Refusal);
        var row = new SessionState(
            new StoredSession(alice, text, new Dictionary<string, StoredSecret>(), new Dictionary<string, byte[]>(), 1),
            SessionDocument.ReadStored(TestCas.Utf8(text)).Value!).Write();
        var rule = SessionState.Read(row).Document.Access.Update;
        Assert.False(rule.IsSatisfiedBy(new HashSet<string> { alice }, alice));
        Assert.True(rule.IsSatisfiedBy(new HashSet<string> { alice, KeyHash.Of(bob.SubjectPublicKeyInfo) }, alice));
    }

    [Fact]
    public void The_count_is_that_of_all_ways_to_give_each_entry_a_key_of_its_own()
    {
        var seed = Random.Shared.Next();
        var random = new Random(seed);
        string[] names = ["a", "b", "c", "d", "e"];
        for (var round = 0; round < 5_000; round++)
        {
            var rule = MakeRule(random, names, depth: 3);
            var keys = names.Where(_ => random.Next(2) == 0).ToHashSet();
            var expected = Ways(rule, "a").Any(way => IsPossible(way, keys));
            Assert.True(
                expected == rule.IsSatisfiedBy(keys, "a"), $"seed {seed}: {rule} by {string.Join(',', keys)} should be {expected}");
        }
    }

    [Fact]
    public void Entries_are_counted_in_a_short_time_however_many_there_are()
    {
        // The deepest and widest rule that can be written, with ANY, which no key is bound to.
        var leaves = AccessRule.AtLeast(32, [.. Enumerable.Repeat(AccessRule.Anyone, 64)]);
        var rule = leaves;
        for (var depth = 0; depth < 30; depth++)
        {
            rule = AccessRule.AtLeast(32, [rule, .. Enumerable.Repeat(AccessRule.Anyone, 63)]);
        }
        Assert.False(rule.IsSatisfiedBy(new HashSet<string> { "a" }, "a"));
        Assert.True(rule.IsSatisfiedBy(Enumerable.Range(0, 32).Select(i => $"{i}").ToHashSet(), "a"));
    }

    [Fact]
    public void One_key_is_not_two_owners_however_it_is_written()
    {
        using var key = ECDsa.Create();
        key.ImportSubjectPublicKeyInfo(bob.SubjectPublicKeyInfo, out _);
        foreach (var other in new[]
        {
            bob.PublicKey, $" {bob.PublicKey}\n", key.ExportSubjectPublicKeyInfoPem(), KeyHash.Of(
                bob.SubjectPublicKeyInfo), MakeCertificate(),
        })
        {
            Assert.Equal(CasReasons.Invalid, OwnerRegistry.ReadKeys([bob.PublicKey, other], 2).Refusal?.Reason);
        }
        Assert.Null(OwnerRegistry.ReadKeys([bob.PublicKey, TestCas.Founder.PublicKey], 2).Refusal);
    }

    private string Spell(string rule)
    {
        using var key = ECDsa.Create();
        key.ImportSubjectPublicKeyInfo(bob.SubjectPublicKeyInfo, out _);
        return rule.Replace("HASH", KeyHash.Of(bob.SubjectPublicKeyInfo), StringComparison.Ordinal)
            .Replace("BASE64", bob.PublicKey, StringComparison.Ordinal)
            .Replace("PUBLIC", Quote(key.ExportSubjectPublicKeyInfoPem()), StringComparison.Ordinal)
            .Replace("OTHER", new string('0', 64), StringComparison.Ordinal)
            .Replace("CERTIFICATE", Quote(MakeCertificate()), StringComparison.Ordinal);
    }

    private string MakeCertificate()
    {
        using var certificate = bob.CreateClientCertificate(DateTimeOffset.UtcNow);
        return certificate.ExportCertificatePem();
    }

    private static string Quote(string pem) => $"\"{pem.ReplaceLineEndings("\\n")}\"";

    private static AccessRule MakeRule(Random random, string[] names, int depth)
    {
        if (depth == 0 || random.Next(3) == 0)
        {
            return random.Next(9) switch
            {
                0 => AccessRule.Anyone,
                1 => AccessRule.Nobody,
                2 or 3 => AccessRule.Creator,
                _ => AccessRule.ForKey(names[random.Next(names.Length)]),
            };
        }
        var entries = Enumerable.Range(0, random.Next(1, 6 - depth)).Select(_ => MakeRule(random, names, depth - 1)).ToList();
        return AccessRule.AtLeast(random.Next(1, entries.Count + 1), entries);
    }

    // All lists of leaves by which a rule can hold; "" is ANY.
    private static IEnumerable<List<string>> Ways(AccessRule rule, string creator)
    {
        if (rule.KeyOf(creator) is { } key)
        {
            return [[key]];
        }
        if (rule.Count == 0)
        {
            return [[""]];
        }
        IEnumerable<(int Count, List<string> Leaves)> ways = [(0, [])];
        foreach (var entry in rule.Alternatives)
        {
            var own = Ways(entry, creator).ToList();
            ways = [.. ways.SelectMany(way => own.Select(more => (way.Count + 1, (List<string>)[.. way.Leaves, .. more])).Append(way))];
        }
        return ways.Where(way => way.Count == rule.Count).Select(way => way.Leaves).DistinctBy(way => string.Join(',', way.Order()));
    }

    private static bool IsPossible(List<string> way, HashSet<string> keys)
    {
        var named = way.Where(key => key.Length > 0).ToList();
        return named.Distinct().Count() == named.Count && named.All(keys.Contains) && way.Count <= keys.Count;
    }

    private static bool CountEntries(AccessRule rule, HashSet<string> keys, string creator) => rule.KeyOf(creator) is { } key
        ? keys.Contains(key)
        : rule.Alternatives.Count(entry => CountEntries(entry, keys, creator)) >= rule.Count;
}
