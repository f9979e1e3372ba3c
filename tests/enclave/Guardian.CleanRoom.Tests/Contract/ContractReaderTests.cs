using System.Security.Cryptography;
using System.Text;
using Guardian.CleanRoom.Contract;
using Guardian.CleanRoom.Tests.Support;
using Guardian.Documents;

namespace Guardian.CleanRoom.Tests.Contract;

public class ContractReaderTests
{
    [Fact]
    public void A_contract_is_read_as_it_is_written()
    {
        var contract = TestContract.Read();
        Assert.Equal("test-room", contract.Name);
        Assert.Equal(["agency", "retailer"], contract.Members.Select(member => member.Name));
        Assert.Equal(("test-room/room", 64), (contract.Cas.Session, contract.Cas.SessionHash.Length));
        Assert.Equal(SHA256.HashData(Encoding.UTF8.GetBytes(TestContract.Text)), contract.Hash.ToArray());
        Assert.Equal(PrivacyRules.Default with { MinimumAudience = 20, Epsilon = null }, contract.Privacy);
        var spend = contract.FindDataSet("customers")!.FindColumn("spend")!;
        Assert.Equal(
            (ColumnKind.Decimal, -5000L, 1_000_000L, 2, false), (spend.Kind, spend.Minimum, spend.Maximum, spend.Places, spend.Filter));
        Assert.Equal(1.0, contract.Analyses.Lift!.Shares.Sum(), 12);
        Assert.Equal([1, 1, 4], contract.FindDataSet("campaign")!.Columns.Select(column => column.CodeSize));
    }

    [Fact]
    public void A_contract_names_the_one_CAS_and_its_owners()
    {
        Assert.Equal((null, null), (TestContract.Read().Cas.Identity, TestContract.Read().Cas.Owners));
        var (identity, owners) = (new string('1', 64), new string('2', 64));
        var cas = TestContract.Read(
            ("  session: test-room/room", $"  identity: {identity}\n  owners: {owners}\n  session: test-room/room")).Cas;
        Assert.Equal((identity, owners), (cas.Identity, cas.Owners));
    }

    [Fact]
    public void The_example_of_the_specification_is_a_contract()
    {
        var page = File.ReadAllText(Repository.File("docs", "spec", "room.md"));
        var start = page.IndexOf("```yaml\n", StringComparison.Ordinal) + "```yaml\n".Length;
        var example = page[start..page.IndexOf("```", start, StringComparison.Ordinal)]
            .Replace("AGENCY_KEY", TestContract.AgencyKey.PublicKey, StringComparison.Ordinal)
            .Replace("RETAILER_KEY", TestContract.RetailerKey.PublicKey, StringComparison.Ordinal);
        var problems = new DocumentProblems();
        Assert.NotNull(ContractReader.Read(Encoding.UTF8.GetBytes(example), problems));
    }

    [Fact]
    public void Privacy_rules_are_on_when_the_contract_says_nothing()
    {
        var contract = TestContract.Read(
            ("privacy:\n  minimum_audience: 20\n  noise: none\n", ""),
            ("  lift:\n    assignment: campaign.arm\n    control: None\n    shares: equal\n    outcomes: [customers.visit, "
                + "customers.spend]\n    population: matched\n", ""));
        Assert.Equal(new PrivacyRules(100, 0.1m, 4, 8, 0.15), contract.Privacy);
    }

    [Theory]
    [InlineData("room: test-room", "room: Test Room", "lower-case letters")]
    [InlineData("version: 1", "version: 2", "previous")]
    [InlineData("{name: retailer, key: ", "{name: retailer, key: AAAA", "no public key")]
    [InlineData("{name: retailer,", "{name: agency,", "occurs twice")]
    [InlineData("  session: test-room/room", "  session: test-room", "SESSION/SERVICE")]
    [InlineData("  session: test-room/room", "  identity: abc\n  session: test-room/room", "64 lower-case hex digits")]
    [InlineData("  session: test-room/room", "  owners: abc\n  session: test-room/room", "64 lower-case hex digits")]
    [InlineData("    owner: agency", "    owner: nobody", "'nobody' is no member")]
    [InlineData("{kind: email, column: email}", "{kind: passport, column: email}", "passport")]
    [InlineData("{kind: email, column: email}", "{kind: customer_id, column: email}", "different kinds")]
    [InlineData("{kind: email, column: email}", "{column: email}", "kind")]
    [InlineData("max_rows: 4000", "max_rows: 0", "max_rows")]
    [InlineData("max_rows: 4000", "max_rows: 4000000000", "max_rows")]
    [InlineData("name: customers", "name: campaign", "several data sets are named")]
    [InlineData("values: [Red, Blue, None]", "values: [Red, Red, None]", "different values")]
    [InlineData("{name: visit, type: flag}", "{name: visit, type: number}", "number")]
    [InlineData("{name: visit, type: flag}", "{name: region, type: flag}", "occurs twice")]
    [InlineData("{name: visit, type: flag}", "{name: visit, type: flag, secret: true}", "secret")]
    [InlineData("minimum: 0, maximum: 120", "minimum: 121, maximum: 120", "minimum")]
    [InlineData("minimum: 0, maximum: 120", "minimum: 0, maximum: 5000000000", "2^32")]
    [InlineData("minimum: -50,", "minimum: -50.001,", "places")]
    [InlineData("assignment: campaign.arm", "assignment: campaign.exposed", "category")]
    [InlineData("assignment: campaign.arm", "assignment: campaign.unknown", "no column of this contract")]
    [InlineData("control: None", "control: Green", "'Green' is no value")]
    [InlineData("shares: equal", "shares: {Red: 0.5, Blue: 0.4, None: 0.2}", "sum to 1")]
    [InlineData("[customers.visit, customers.spend]", "[customers.region]", "neither")]
    [InlineData("[customers.visit, customers.spend]", "[campaign.exposed]", "other data set")]
    [InlineData("population: matched", "population: everyone", "everyone")]
    [InlineData("minimum_audience: 20", "minimum_audience: 19", "minimum_audience")]
    [InlineData("noise: none", "noise: little", "'little'")]
    [InlineData("query: [agency]", "query: [stranger]", "'stranger' is no member")]
    [InlineData("receive: [agency]", "receive: []", "receive")]
    [InlineData("version: 1", "version: 1\nprevious: 00", "previous")]
    [InlineData("version: 1", "version: 1\namendment: some", "amendment")]
    [InlineData("kind: email, column: email", "kind: email, profile: apple, column: email", "profile")]
    [InlineData("kind: email, column: email", "kind: email, profile: google, column: email", "profiles")]
    [InlineData("kind: email, column: email", "kind: name, column: email", "composite")]
    [InlineData("kind: email, column: email", "kind: composite, parts: [{kind: name, column: email}]", "2 to 8 parts")]
    [InlineData(
        "kind: email, column: email", "kind: composite, parts: [{kind: name, column: email}, {kind: date, column: email}]", "in two parts")]
    [InlineData("kind: email, column: email", "kind: composite, parts: [{kind: name, column: arm}, {kind: date, column: b}]",
        "is a column of the identifier")]
    [InlineData("kind: email, column: email", "kind: composite, parts: [{kind: name, column: a, order: dmy}, {kind: date, column: b}]",
        "'order' is for dates")]
    [InlineData("kind: email, column: email", "kind: composite, parts: [{kind: name, column: a}, {kind: date, column: b}]",
        "kinds, profiles or parts")]
    [InlineData(
        "kind: email, column: email", "kind: composite, form: sha256, parts: [{kind: name, column: a}, {kind: date, column: b}]", "form")]
    [InlineData("kind: email, column: email", "kind: email, column: email, region: US", "region")]
    [InlineData("max_rows: 4000", "max_rows: 4000\n    rules: {minimum_audience: 5}", "minimum_audience")]
    [InlineData("{name: visit, type: flag}", "{name: visit, type: flag, sum: true}", "summed")]
    [InlineData(
        "{name: visit, type: flag}", "{name: visit, type: date, minimum: 2026-01-01, maximum: 2025-01-01}", "'minimum' must not be after")]
    [InlineData("filter: true}\n      - {name: exposed", "filter: [Red, Green]}\n      - {name: exposed", "'Green'")]
    [InlineData("    population: matched", "    population: matched\n    exposure: customers.visit", "exposure")]
    [InlineData("    population: matched", "    population: matched\n    covariate: campaign.score", "covariate")]
    [InlineData("    population: matched", "    population: assigned\n    covariate: customers.age", "needs 'population: matched'")]
    [InlineData(
        "  overlap: true", "  overlap: true\n  activation: {dataset: campaign, receiver: agency}", "has not agreed for 'customers'")]
    [InlineData("  overlap: true", "  overlap: true\n  reach: {frequency: campaign.score}", "frequency")]
    [InlineData("roles: {query", "extra: 1\nroles: {query", "extra")]
    public void What_is_wrong_is_said_where_it_stands(string old, string replacement, string expected)
    {
        var text = TestContract.Change((old, replacement));
        var problems = new DocumentProblems();
        Assert.Null(ContractReader.Read(Encoding.UTF8.GetBytes(text), problems));
        Assert.Contains(problems.Items, problem => problem.ToString().Contains(expected, StringComparison.Ordinal));
        Assert.All(problems.Items, problem => Assert.Matches(@"^\d+:\d+", problem.ToString()));
    }

    [Fact]
    public void A_list_that_would_be_longer_than_a_statement_is_refused()
    {
        var problems = new DocumentProblems();
        ContractReader.Read(
            Encoding.UTF8.GetBytes(
            TestContract.Change(("max_rows: 4000", "max_rows: 2500001"),
            ("  overlap: true", "  overlap: true\n  activation: {dataset: campaign, receiver: agency}"))), problems);
        Assert.Contains(problems.Items, problem => problem.Message.Contains("at most 2500000", StringComparison.Ordinal));
    }

    [Fact]
    public void Of_all_rules_the_strictest_holds()
    {
        var contract = TestContract.Read(
            ("max_rows: 4000", "max_rows: 4000\n    rules: {minimum_audience: 250, epsilon: 0.2, budget: 3}"),
            ("max_rows: 5000", "max_rows: 5000\n    rules: {minimum_audience: 50, epsilon: 0.4, max_filters: 2}"));
        Assert.Equal((250, 0.2m, 2), (contract.Privacy.MinimumAudience, contract.Privacy.Epsilon, contract.Privacy.MaxFilters));
        Assert.Equal(3, contract.FindDataSet("campaign")!.Rules.Budget);
    }

    [Theory]
    [InlineData("", "noise: {epsilon: 0.5}", 3.0)]
    [InlineData("", "noise: {epsilon: 3.5}", 3.5)]
    [InlineData("", "noise: {epsilon: 0.5}\n  budget: 2", 1.5)]
    [InlineData("epsilon: 1.50", "noise: {epsilon: 0.5}\n  budget: 2", 1.5)]
    [InlineData("", "noise: none", null)]
    public void Lift_has_a_price_of_its_own_and_a_default_that_the_budget_allows(string line, string noise, double? expected)
    {
        var contract = TestContract.Read(
            ("population: matched", line.Length > 0 ? $"population: matched\n    {line}" : "population: matched"), ("noise: none", noise));
        Assert.Equal((decimal?)expected, contract.Analyses.Lift!.Epsilon);
    }

    [Fact]
    public void An_owner_who_limits_the_price_of_an_answer_limits_that_of_lift()
    {
        var contract = TestContract.Read(
            ("population: matched", "population: matched\n    epsilon: 5"), ("noise: none", "noise: {epsilon: 0.5}"),
            ("max_rows: 4000", "max_rows: 4000\n    rules: {epsilon: 0.25}"));
        Assert.Equal(0.25m, contract.Analyses.Lift!.Epsilon);
    }

    [Theory]
    [InlineData("caps: {customers.spend: 80.5}", "noise: none", null)]
    [InlineData("caps: {customers.visit: 1}", "noise: none", "a cap is the most")]
    [InlineData("caps: {customers.spend: 10001}", "noise: none", "a cap is the most")]
    [InlineData("caps: {customers.spend: -50}", "noise: none", "a cap is the most")]
    [InlineData("caps: {customers.age: 7}", "noise: none", "customers.age")]
    [InlineData("epsilon: 1", "noise: none", "'noise: none'")]
    [InlineData("epsilon: 11", "noise: {epsilon: 1}", "epsilon")]
    public void Lift_has_caps_of_its_own(string line, string noise, string? problem)
    {
        var problems = new DocumentProblems();
        var contract = ContractReader.Read(
            Encoding.UTF8.GetBytes(
                TestContract.Change(("population: matched", $"population: matched\n    {line}"), ("noise: none", noise))),
            problems);
        if (problem is null)
        {
            Assert.Equal(8_050, contract!.Analyses.Lift!.OutcomeColumn(contract, 1).GreatestInSum);
            Assert.Equal(1_000_000, contract.FindDataSet("customers")!.FindColumn("spend")!.GreatestInSum);
            return;
        }
        Assert.Contains(problems.Items, found => found.ToString().Contains(problem, StringComparison.Ordinal));
    }

    [Fact]
    public void Everything_wrong_is_reported_at_once()
    {
        var problems = new DocumentProblems();
        Assert.Null(ContractReader.Read(
            Encoding.UTF8.GetBytes(
            TestContract.Change(("max_rows: 4000", "max_rows: 0"), ("control: None", "control: Green"), ("query: [agency]", "query: [x]"))),
            problems));
        Assert.Equal(3, problems.Items.Count);
    }

    [Fact]
    public void Any_line_left_out_gives_a_problem_and_never_an_exception()
    {
        var lines = TestContract.Text.Split('\n');
        for (var left = 0; left < lines.Length; left++)
        {
            var text = string.Join('\n', lines.Where((_, index) => index != left));
            var problems = new DocumentProblems();
            var contract = ContractReader.Read(Encoding.UTF8.GetBytes(text), problems);
            Assert.True((contract is null) == problems.Any, $"without '{lines[left]}'");
        }
    }

    [Fact]
    public void Altered_bytes_never_throw()
    {
        var random = new Random(5);
        var bytes = Encoding.UTF8.GetBytes(TestContract.Text);
        for (var round = 0; round < 2_000; round++)
        {
            var altered = bytes.ToArray();
            for (var change = 0; change < 3; change++)
            {
                altered[random.Next(altered.Length)] = (byte)random.Next(256);
            }
            var problems = new DocumentProblems();
            var contract = ContractReader.Read(altered.AsSpan(0, random.Next(altered.Length)), problems);
            Assert.Equal(problems.Any, contract is null);
        }
    }
}
