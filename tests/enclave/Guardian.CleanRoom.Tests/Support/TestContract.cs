using System.Text;
using Guardian.Attestation.Identity;
using Guardian.CleanRoom.Contract;
using Guardian.Documents;

namespace Guardian.CleanRoom.Tests.Support;

/// <summary>A contract of two members. A test can replace parts of it.</summary>
internal static class TestContract
{
    public const string Measurement = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

    private static readonly System.Collections.Concurrent.ConcurrentDictionary<string, byte[]> Texts = new();

    public static IdentityKey AgencyKey { get; } = IdentityKey.Create();

    public static IdentityKey RetailerKey { get; } = IdentityKey.Create();

    public static string Text { get; } =
        $$"""
        room: test-room
        version: 1
        members:
          - {name: agency, key: {{AgencyKey.PublicKey}}}
          - {name: retailer, key: {{RetailerKey.PublicKey}}}
        enclave:
          attestation:
            - mrenclave: [{{Measurement}}]
          platforms: [simulated]
        cas:
          attestation:
            - mrenclave: [{{Measurement}}]
          platforms: [simulated]
          session: test-room/room
          session_hash: {{Measurement}}
        datasets:
          - name: campaign
            owner: agency
            identifier: {kind: email, column: email}
            max_rows: 4000
            columns:
              - {name: arm, type: category, values: [Red, Blue, None], filter: true}
              - {name: exposed, type: flag, filter: true}
              - {name: score, type: integer, minimum: -70000, maximum: 70000, filter: true}
          - name: customers
            owner: retailer
            identifier: {kind: email, column: mail}
            max_rows: 5000
            columns:
              - {name: region, type: category, values: [North, South, East, West], filter: true}
              - {name: visit, type: flag}
              - {name: spend, type: decimal, places: 2, minimum: -50, maximum: 10000}
              - {name: age, type: integer, minimum: 0, maximum: 120, filter: true}
        analyses:
          overlap: true
          crosstab: true
          lift:
            assignment: campaign.arm
            control: None
            shares: equal
            outcomes: [customers.visit, customers.spend]
            population: matched
        privacy:
          minimum_audience: 20
          noise: none
        roles: {query: [agency], receive: [agency], pay: [retailer]}

        """;

    /// <summary>Reads the contract after some replacements.</summary>
    public static RoomContract Read(params (string Old, string New)[] changes)
    {
        var problems = new DocumentProblems();
        var contract = ContractReader.Read(Encoding.UTF8.GetBytes(Change(changes)), problems);
        Assert.Empty(problems.Items.Select(problem => problem.ToString()));
        Texts[Convert.ToHexString(contract!.Hash.Span)] = Encoding.UTF8.GetBytes(Change(changes));
        return contract;
    }

    /// <summary>Finds the bytes of a contract that <see cref="Read"/> made.</summary>
    public static byte[] TextOf(RoomContract contract) => Texts[Convert.ToHexString(contract.Hash.Span)];

    public static string Change(params (string Old, string New)[] changes)
    {
        var text = Text;
        foreach (var (old, replacement) in changes)
        {
            Assert.Contains(old, text, StringComparison.Ordinal);
            text = text.Replace(old, replacement, StringComparison.Ordinal);
        }
        return text;
    }

    public static SignedContract Sign(RoomContract contract)
    {
        var signatures = new Dictionary<string, string>
        {
            ["agency"] = SignedContract.Sign(contract, AgencyKey),
            ["retailer"] = SignedContract.Sign(contract, RetailerKey),
        };
        return SignedContract.Verify(contract, signatures, out _)!;
    }
}
