using System.Text;
using Guardian.Attestation.Identity;
using Guardian.CleanRoom.Contract;
using Guardian.Cli.Rooms;
using Guardian.Documents;
using Guardian.Sgx;
using Guardian.Sgx.Measurement;

namespace Guardian.Cli.Tests.Desk;

/// <summary>The differences between two contracts, in words.</summary>
public sealed class ContractComparisonTests : IDisposable
{
    private readonly IdentityKey first = IdentityKey.Create();
    private readonly IdentityKey second = IdentityKey.Create();

    private string Text => RoomTemplates.WriteContractHead(
        "test", [("agency", first.PublicKey), ("retailer", second.PublicKey)], Code('1'), Code('2'), [PlatformKind.Hardware],
        new string('a', 64), new string('b', 64)) + RoomTemplates.WriteContractBody("agency", "retailer");

    public void Dispose()
    {
        first.Dispose();
        second.Dispose();
    }

    [Fact]
    public void A_contract_does_not_differ_from_itself_or_by_its_comments() =>
        Assert.Empty(ContractComparison.Compare(Read(Text), Read(Text + "# more words\n")));

    [Theory]
    [InlineData("platforms: [hardware]", "platforms: [simulated]", "the platforms: simulated instead of hardware")]
    [InlineData("mrenclave: [1111", "mrenclave: [3333", "the code that computes (MRENCLAVE)")]
    [InlineData("session_hash: aaaa", "session_hash: cccc", "the session's hash")]
    [InlineData("identity: bbbb", "identity: cccc", "the CAS")]
    [InlineData("visit, type: flag}", "visit, type: flag, filter: true}", "customers: 'visit' is now open to filters and groups")]
    [InlineData("sum: true, cap: 500", "cap: 500", "customers: 'spend' is closed to sums")]
    [InlineData("cap: 500", "cap: 900", "customers: 'spend' is a Decimal of 2 places from 0 to 10000, capped at 900 instead of")]
    [InlineData("[North, South]", "[North, South, West]", "customers: 'region' has the values North, South, West instead of North, South")]
    [InlineData("max_changes: 10000", "max_changes: 500", "customers: the most changes: 500 instead of 10000")]
    [InlineData("kind: email, column: email", "kind: email, profile: google, column: email", "campaign: persons are known by")]
    [InlineData("crosstab: true", "crosstab: false", "crosstab is no longer allowed")]
    [InlineData("control: Control", "control: Treatment", "lift's control: Treatment instead of Control")]
    [InlineData("population: matched", "population: assigned", "lift's population: Assigned instead of Matched")]
    [InlineData(", customers.spend]", "]", "outcomes of lift: customers.visit instead of customers.visit, customers.spend")]
    [InlineData("minimum_audience: 100", "minimum_audience: 50", "the least number of persons in an answer: 50 instead of 100")]
    [InlineData("noise: {epsilon: 0.1}", "noise: none", "the price of an answer (epsilon): exact figures instead of 0.1")]
    [InlineData("budget: 4", "budget: 6", "the budget: 6 instead of 4")]
    [InlineData("query: [agency, retailer]", "query: [agency]", "may ask: agency instead of agency, retailer")]
    [InlineData("receive: [agency, retailer]", "receive: [retailer]", "may read answers: retailer instead of agency, retailer")]
    public void A_difference_is_told(string before, string after, string words)
    {
        Assert.Contains(before, Text, StringComparison.Ordinal);
        var changed = Read(Text.Replace(before, after, StringComparison.Ordinal));
        Assert.Contains(
            ContractComparison.Compare(Read(Text), changed), difference => difference.StartsWith(words, StringComparison.Ordinal));
    }

    [Fact]
    public void Programs_are_told_with_all_that_their_approvers_decided()
    {
        const string program = """
              programs:
                - name: touch
                  digest: 1111111111111111111111111111111111111111111111111111111111111111
                  inputs: [customers.spend]
                  outputs: [{name: parts, cells: [first, last], cap: 5}]

            """;
        var with = Text.Replace("  crosstab: true\n", $"  crosstab: true\n{program}", StringComparison.Ordinal);
        Assert.NotEqual(Text, with);
        Assert.Equal([$"the program 'touch' is new: {new string('1', 64)}"], ContractComparison.Compare(Read(Text), Read(with)));
        Assert.Equal(["the program 'touch' is gone"], ContractComparison.Compare(Read(with), Read(Text)));
        var changed = with.Replace($"digest: {new string('1', 64)}", $"digest: {new string('2', 64)}", StringComparison.Ordinal)
            .Replace("last], cap: 5", "last], cap: 9", StringComparison.Ordinal);
        Assert.Equal(
            [$"the program 'touch': digest: {new string('2', 64)} instead of {new string('1', 64)}",
                "the program 'touch': writes: parts (first + last, at most 9) instead of parts (first + last, at most 5)"],
            ContractComparison.Compare(Read(with), Read(changed)));
    }

    [Fact]
    public void A_member_who_joins_leaves_or_changes_its_key_is_named()
    {
        using var other = IdentityKey.Create();
        var third = Text.Replace(
            $"  - {{name: retailer, key: {second.PublicKey}}}",
            $"  - {{name: retailer, key: {other.PublicKey}}}\n  - {{name: auditor, key: {second.PublicKey}}}", StringComparison.Ordinal);
        Assert.Equal(["retailer has another key", "auditor joins"], ContractComparison.Compare(Read(Text), Read(third)));
        Assert.Equal(["auditor leaves", "retailer has another key"], ContractComparison.Compare(Read(third), Read(Text)));
    }

    private static MrEnclave Code(char digit) => MrEnclave.TryParse(new string(digit, 64), out var code) ? code : default;

    private static RoomContract Read(string text)
    {
        var problems = new DocumentProblems();
        var contract = ContractReader.Read(Encoding.UTF8.GetBytes(text), problems);
        Assert.Empty(problems.Items);
        return contract!;
    }
}
