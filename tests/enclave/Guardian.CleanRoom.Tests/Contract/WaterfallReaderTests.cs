using System.Text;
using Guardian.CleanRoom.Contract;
using Guardian.CleanRoom.Tests.Support;
using Guardian.Documents;

namespace Guardian.CleanRoom.Tests.Contract;

public class WaterfallReaderTests
{
    [Fact]
    public void The_order_of_the_persons_identifiers_is_that_of_the_passes()
    {
        var contract = WaterfallRows.Contract();
        Assert.Equal(("campaign", 3), (contract.Persons, contract.PassCount));
        Assert.All(contract.DataSets, dataSet => Assert.Equal([0, 1, 2], dataSet.Passes));
        Assert.Equal(contract.DataSets[0].Columns.Count + 6, contract.DataSets[0].Keyed().Columns.Count);
        Assert.Equal(7, contract.Privacy.Influence);
        Assert.Equal((null, 1, 1), (TestContract.Read().Persons, TestContract.Read().PassCount, TestContract.Read().Privacy.Influence));
    }

    [Theory]
    [InlineData("persons: campaign\n", "", "has several identifiers")]
    [InlineData("persons: campaign\n", "persons: nobody\n", "is not a data set with a list")]
    [InlineData("      - {kind: phone, column: phone, region: DE}\n", "", "must be some of those of 'campaign'", 1)]
    [InlineData("{kind: phone, column: phone, region: DE}", "{kind: phone, profile: meta, column: phone}", "must be some of those", 2)]
    [InlineData("  overlap: true", "  overlap: true\n  activation: {dataset: campaign, receiver: agency}", "an activation list needs")]
    [InlineData("max_rows: 4000", "max_rows: 4000\n    max_changes: 10", "have one identifier")]
    [InlineData("max_rows: 5000", "max_rows: 5000\n    within: orders", "can lie within 'campaign' only")]
    public void A_waterfall_that_could_not_match_is_refused(string old, string replacement, string problem, int which = 0)
    {
        var text = TestContract.Change(WaterfallRows.Changes);
        var at = which == 2 ? text.LastIndexOf(old, StringComparison.Ordinal) : text.IndexOf(old, StringComparison.Ordinal);
        Assert.True(at >= 0);
        text = text[..at] + replacement + text[(at + old.Length)..];
        var problems = new DocumentProblems();
        Assert.Null(ContractReader.Read(Encoding.UTF8.GetBytes(text), problems));
        Assert.Contains(problems.Items, each => each.ToString().Contains(problem, StringComparison.Ordinal));
    }

    [Fact]
    public void Of_identifiers_that_differ_in_columns_alone_a_data_set_has_all_or_none()
    {
        const string Two = """
            identifiers:
                  - {kind: email, column: email}
                  - {kind: phone, column: home}
                  - {kind: phone, column: work}
            """;
        RoomContract Read(string other) => TestContract.Read(
            ("datasets:\n", "persons: campaign\ndatasets:\n"), ("identifier: {kind: email, column: email}", Two),
            ("identifier: {kind: email, column: mail}", other));
        Assert.Equal([1, 2], Read("identifiers: [{kind: phone, column: a}, {kind: phone, column: b}]").DataSets[1].Passes);
        Assert.ThrowsAny<Exception>(() => Read("identifier: {kind: phone, column: a}"));
    }
}
