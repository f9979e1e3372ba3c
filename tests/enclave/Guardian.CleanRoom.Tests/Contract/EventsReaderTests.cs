using System.Text;
using Guardian.CleanRoom.Contract;
using Guardian.CleanRoom.Tests.Support;
using Guardian.Documents;

namespace Guardian.CleanRoom.Tests.Contract;

/// <summary>Contracts whose data sets are made of events.</summary>
public class EventsReaderTests
{
    [Theory]
    [InlineData("fold: days, filter: true}", "fold: weeks, filter: true}", "weeks")]
    [InlineData("fold: days, filter: true}", "filter: true}", "'fold' is missing")]
    [InlineData("type: flag, fold: any", "type: flag, fold: count", "count and days make an integer")]
    [InlineData("minimum: 0, maximum: 50, fold: count", "minimum: 1, maximum: 50, fold: count", "0 must lie between")]
    [InlineData("event_cap: 60", "event_cap: -1", "event_cap")]
    [InlineData("event_cap: 60", "event_cap: 0.005", "event_cap")]
    [InlineData("fold: sum, of: amount, event_cap: 60", "fold: sum, event_cap: 60", "'of' is missing")]
    [InlineData("fold: count, filter: true", "fold: count, of: amount", "'of' is not known here")]
    [InlineData("from: 2026-03-10T00:00:00Z", "from: 2026-03-10T00:00:00", "an instant with an offset")]
    [InlineData("to: 2026-04-10T00:00:00Z", "to: 2026-03-10T00:00:00Z", "'from' must be before 'to'")]
    [InlineData("zone: UTC, from: 2026-03-10T00:00:00Z", "zone: 'UTC; x', from: 2026-03-10T00:00:00Z", "time zone such as Europe/Berlin")]
    [InlineData("{status: [paid, returned]}", "{status: []}", "list the values of 'status'")]
    [InlineData("{time: at, ", "{", "'time' is missing")]
    public void A_contract_that_folds_wrongly_is_refused(string old, string changed, string expected)
    {
        var start = TestContract.Text.IndexOf("  - name: campaign", StringComparison.Ordinal);
        Assert.Contains(old, EventRows.Contract, StringComparison.Ordinal);
        var end = TestContract.Text.IndexOf("analyses:", StringComparison.Ordinal);
        var text = TestContract.Change((TestContract.Text[start..end], EventRows.Contract.Replace(old, changed, StringComparison.Ordinal)));
        var problems = new DocumentProblems();
        Assert.Null(ContractReader.Read(Encoding.UTF8.GetBytes(text), problems));
        Assert.Contains(problems.Items, problem => problem.Message.Contains(expected, StringComparison.Ordinal));
    }
}
