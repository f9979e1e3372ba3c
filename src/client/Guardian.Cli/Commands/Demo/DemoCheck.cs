using System.Globalization;
using Guardian.CleanRoom.Analyses;

namespace Guardian.Cli.Commands.Demo;

/// <summary>Compares the room's answers with a plain computation over the original file, which knows nothing of rooms.</summary>
internal sealed class DemoCheck(Hillstrom hillstrom)
{
    // Sums of cents come out of doubles; everything else is exact.
    private const double Tolerance = 1e-6;

    /// <summary>Every figure that differs.</summary>
    public IReadOnlyList<string> FindProblems(DemoAnswers answers)
    {
        var problems = new List<string>();
        void Compare(string what, double found, double expected)
        {
            if (Math.Abs(found - expected) > Tolerance * Math.Max(1, Math.Abs(expected)))
            {
                problems.Add(string.Create(CultureInfo.InvariantCulture, $"{what}: {found} instead of {expected}"));
            }
        }
        Compare("overlap", ((OverlapResult)answers.Overlap.Body).Persons, hillstrom.Customers.Count);
        foreach (var cell in ((CrosstabResult)answers.Crosstab.Body).Cells)
        {
            Compare(
                string.Join(" / ", cell.Values), cell.Persons ?? 0,
                hillstrom.Customers.Count(customer => customer.Arm == cell.Values[0] && customer.Channel == cell.Values[1]));
        }
        var lift = (LiftResult)answers.Lift.Body;
        foreach (var arm in lift.Arms)
        {
            var customers = hillstrom.Customers.Where(customer => customer.Arm == arm.Name).ToList();
            double Total(string column) =>
                lift.Outcomes.Single(outcome => outcome.Column == column).Totals.Single(total => total.Arm == arm.Name).Sum;
            Compare($"{arm.Name} persons", arm.Persons, customers.Count);
            Compare($"{arm.Name} visits", Total("customers.visit"), customers.Count(customer => customer.Visit));
            Compare($"{arm.Name} conversions", Total("customers.conversion"), customers.Count(customer => customer.Conversion));
            Compare($"{arm.Name} spend", Total("customers.spend"), (double)customers.Sum(customer => customer.Spend));
        }
        return problems;
    }
}
