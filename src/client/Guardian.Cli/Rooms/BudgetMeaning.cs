using System.Globalization;
using Guardian.CleanRoom.Contract;

namespace Guardian.Cli.Rooms;

/// <summary>The protection that a budget gives to one person of a data set, after all answers that it pays for.</summary>
/// <param name="DataSet">The data set.</param>
/// <param name="Epsilon">Its budget; null where figures are exact, and nothing is promised.</param>
/// <param name="GuessedRight">
/// The most cases, 0.5 to 1, in which somebody who knows everyone else guesses right whether a person is in it; 0.5 is a coin.
/// </param>
internal sealed record BudgetMeaning(string DataSet, decimal? Epsilon, double GuessedRight)
{
    /// <summary>Computes it for each data set of a contract.</summary>
    public static IReadOnlyList<BudgetMeaning> Of(RoomContract contract) =>
        [.. contract.DataSets.Select(dataSet => contract.Privacy.Epsilon is null
            ? new BudgetMeaning(dataSet.Name, null, 1)
            : Of(dataSet.Name, Math.Min(contract.Privacy.Budget, dataSet.Rules.Budget ?? decimal.MaxValue)))];

    /// <summary>Writes a sentence for each budget of a contract.</summary>
    public static IEnumerable<string> Describe(RoomContract contract) =>
        Of(contract).GroupBy(each => (each.Epsilon, each.GuessedRight))
            .Select(group => Describe(string.Join(", ", group.Select(each => each.DataSet)), group.First()));

    internal static BudgetMeaning Of(string dataSet, decimal budget) =>
        // At most exp(e) times as likely with the person as without: the best guess is right in exp(e) / (1 + exp(e)) of all cases.
        new(dataSet, budget, 1 / (1 + Math.Exp(-(double)budget)));

    internal static string Describe(string dataSets, BudgetMeaning meaning)
    {
        if (meaning.Epsilon is not { } epsilon)
        {
            return $"{dataSets}: exact figures promise nothing to a single person: an attacker who knows everyone else "
                + "guesses right in up to 100 %";
        }
        // Rounded up, so that the sentence never promises too much; two digits of the rest are told, down to a millionth.
        var wrong = 100 / (1 + Math.Exp((double)epsilon));
        var places = wrong < 10 ? Math.Clamp((int)Math.Ceiling(-Math.Log10(wrong)), 0, 5) + 1 : 0;
        var power = Math.Pow(10, places);
        var percent = 100 - (Math.Floor(wrong * power) / power);
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{dataSets}: an attacker who knows everyone else, and uses all answers that the budget {epsilon} pays for, guesses right "
            + $"in at most {percent.ToString("F" + places, CultureInfo.InvariantCulture)} % whether a person is in it; "
            + $"without any answer it is 50 %")
            + (epsilon > Weak ? "; that is weak, because at most one guess in a thousand fails; the default is 4" : "");
    }

    // Above this, one guess in a thousand fails at most.
    private const decimal Weak = 7;
}
