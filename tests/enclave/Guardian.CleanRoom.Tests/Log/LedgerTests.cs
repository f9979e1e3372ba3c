using Guardian.CleanRoom.Contract;
using Guardian.CleanRoom.Log;
using Guardian.CleanRoom.Tests.Support;

namespace Guardian.CleanRoom.Tests.Log;

/// <summary>Budgets are exact decimals, also when a log was written with floating-point numbers.</summary>
public class LedgerTests
{
    private static readonly RoomContract Contract =
        TestContract.Read(("  noise: none\n", "  noise: {epsilon: 0.10}\n  budget: 0.30\n"));

    private static readonly string[] Both = ["campaign", "customers"];

    [Fact]
    public void Many_small_charges_spend_a_budget_to_the_last_digit()
    {
        // As binary fractions, 0.1 + 0.1 + 0.1 is more than 0.3.
        var ledger = new Ledger(Contract);
        for (var answer = 0; answer < 3; answer++)
        {
            Assert.Null(ledger.FindProblem(Both, 0.1m));
            ledger.Charge(Both, 0.1m);
        }
        Assert.Equal(0.3m, ledger.Spent["campaign"]);
        Assert.Equal("budget-exhausted", ledger.FindProblem(Both, 0.000_000_001m)!.Code);
    }

    [Fact]
    public void Trailing_zeros_of_a_contract_appear_in_no_message()
    {
        var ledger = new Ledger(Contract);
        ledger.Charge(Both, 0.25m);
        Assert.Equal(
            "an answer costs 'campaign' 0.1 of its privacy budget, and 0.05 of 0.3 is left; questions that were answered before are free",
            ledger.FindProblem(Both, Contract.Privacy.Epsilon!.Value)!.Detail);
    }

    [Fact]
    public void A_log_of_an_earlier_release_is_read()
    {
        const string question = """{"question":{"kind":"Overlap"},"versions":{"campaign":"11","customers":"22"},"epsilon":0.1}""";
        const string free = """{"question":{"kind":"Overlap"},"versions":{"campaign":"11","customers":"22"},"epsilon":0}""";
        var entries = new List<LogLine>();
        foreach (var (what, detail) in new[]
        {
            (LogEvents.Succession, """{"previous":"00","spent":{"campaign":0.30000000000000004,"customers":0.1}}"""),
            (LogEvents.Question, question),
            (LogEvents.Question, free),
        })
        {
            entries.Add(LogChain.Next(entries.LastOrDefault(), DateTimeOffset.UnixEpoch, "agency", what, detail));
        }
        var spent = Ledger.From(Contract, Contract, entries).Spent;
        Assert.Equal((0.4m, 0.2m), (spent["campaign"], spent["customers"]));
        Assert.Null(LogChain.FindProblem(entries));
    }

    [Fact]
    public void Entries_are_hashed_and_stored_as_ever()
    {
        var entry = new LogLine(1, new DateTimeOffset(2026, 3, 1, 10, 20, 30, 5, TimeSpan.Zero), "m", "e", "{\"x\":1}", "p", "");
        Assert.Equal(
            """
            {"sequence":1,"instant":"2026-03-01T10:20:30.005+00:00","member":"m","event":"e",
            "detail":"{\u0022x\u0022:1}","previousHash":"p","hash":""}
            """.Replace("\n", "", StringComparison.Ordinal),
            System.Text.Json.JsonSerializer.Serialize(entry, LogLineJson.Default.LogLine));
    }

    [Fact]
    public void A_member_spends_its_share_and_leaves_the_rest_to_others()
    {
        var contract = TestContract.Read(
            ("  noise: none\n", "  noise: {epsilon: 0.1}\n  budget: 1\n"),
            ("roles: {query: [agency], receive", "roles: {budget: {agency: 0.25}, query: [agency, retailer], receive"));
        var ledger = new Ledger(contract);
        for (var answer = 0; answer < 2; answer++)
        {
            Assert.Null(ledger.FindProblem(Both, 0.1m, "agency"));
            ledger.Charge(Both, 0.1m, "agency");
        }
        Assert.Equal(
            "an answer costs 'campaign' 0.1, and 0.05 of agency's share of 0.25 is left; questions that were answered before are free",
            ledger.FindProblem(Both, 0.1m, "agency")!.Detail);
        Assert.Null(ledger.FindProblem(Both, 0.8m, "retailer"));
        Assert.Equal(
            [new MemberBudget("agency", "campaign", 0.25m, 0.2m), new MemberBudget("agency", "customers", 0.25m, 0.2m)],
            ledger.ListShares());
        // The spending under earlier contracts counts for the whole, and for nobody's share.
        ledger.Charge(Both, 0.75m);
        Assert.Equal(0.2m, ledger.ListShares()[0].Spent);
        Assert.Equal("budget-exhausted", ledger.FindProblem(Both, 0.1m, "retailer")!.Code);
    }

    [Theory]
    [InlineData("{agency: 1.5}")]
    [InlineData("{agency: -0.1}")]
    [InlineData("{stranger: 0.5}")]
    public void Wrong_shares_are_refused(string shares)
    {
        var problems = new Guardian.Documents.DocumentProblems();
        ContractReader.Read(
            System.Text.Encoding.UTF8.GetBytes(TestContract.Change(("roles: {query", $"roles: {{budget: {shares}, query"))), problems);
        Assert.NotEmpty(problems.Items);
    }
}
