using System.CommandLine;
using System.Globalization;
using Guardian.CleanRoom.Contract;
using Guardian.Cli.Failures;
using Guardian.Cli.Rooms;

namespace Guardian.Cli.Commands.Rooms;

/// <summary>The options with the costs of a campaign.</summary>
internal sealed class CostOptions
{
    private readonly Option<string[]> cost = new("--cost")
    {
        Description = "Cost of a treatment arm, ARM=AMOUNT, for the return on it; repeatable. It stays on this computer.",
        HelpName = "ARM=AMOUNT",
    };
    private readonly Option<string> currency = new("--currency")
    {
        Description = "Currency of costs and revenue.",
        DefaultValueFactory = _ => "EUR",
        HelpName = "NAME",
    };
    private readonly Option<string?> revenue = new("--revenue")
    {
        Description = "The outcome that is revenue; by default the only one that is a number.",
        HelpName = "COLUMN",
    };
    private readonly Option<double> margin = new("--margin")
    {
        Description = "The share of revenue that counts as return, such as 0.4.",
        DefaultValueFactory = _ => 1,
        HelpName = "SHARE",
    };

    /// <summary>The options, to be added to a command.</summary>
    public Symbol[] All => [cost, currency, revenue, margin];

    /// <summary>Reads the costs.</summary>
    /// <returns>The costs; null when none are given.</returns>
    /// <exception cref="Guardian.Refusals.RefusedException">They do not fit the contract.</exception>
    public CampaignCosts? Read(ParseResult arguments, RoomContract contract)
    {
        if (arguments.GetValue(cost) is not { Length: > 0 } given)
        {
            return null;
        }
        var design = contract.Analyses.Lift ?? throw CliReasons.NoLift.Refuse("the contract does not allow lift, so there is no return");
        var arms = contract.FindDataSet(design.Assignment.DataSet)!.FindColumn(design.Assignment.Column)!.Values;
        var byArm = new Dictionary<string, double>();
        foreach (var text in given)
        {
            var at = text.LastIndexOf('=');
            var arm = at < 0 ? "" : text[..at].Trim();
            if (!arms.Contains(arm) || arm == design.Control || byArm.ContainsKey(arm)
                || !double.TryParse(text[(at + 1)..], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var amount)
                || !double.IsFinite(amount) || amount <= 0)
            {
                throw CliReasons.BadCost.Refuse(
                    $"'{text}' is not ARM=AMOUNT, with one of {string.Join(", ", arms.Where(each => each != design.Control))}, each once, "
                    + "and an amount greater than 0");
            }
            byArm[arm] = amount;
        }
        if (arguments.GetValue(margin) is var share && share is not (> 0 and <= 1))
        {
            throw CliReasons.BadCost.Refuse("--margin is greater than 0 and at most 1");
        }
        return new CampaignCosts(byArm, arguments.GetValue(currency)!, FindRevenue(contract, design, arguments.GetValue(revenue)), share);
    }

    private static string FindRevenue(RoomContract contract, LiftDesign design, string? named)
    {
        var numbers = design.Outcomes.Where((_, index) => design.OutcomeColumn(contract, index).Kind != ColumnKind.Flag)
            .Select(outcome => outcome.ToString()).ToList();
        return named is null && numbers.Count == 1 ? numbers[0]
            : named is not null && numbers.Contains(named) ? named
            : throw CliReasons.BadCost.Refuse(
                $"name the outcome that is revenue: --revenue, one of {string.Join(", ", numbers.DefaultIfEmpty("none"))}");
    }
}

/// <summary>The result of <c>room lift</c> and <c>room report</c> with costs.</summary>
/// <param name="Answer">The answer as the room wrote it.</param>
/// <param name="Currency">Currency of costs and revenue.</param>
/// <param name="Revenue">The outcome that is revenue.</param>
/// <param name="Margin">The share of revenue that counts as return.</param>
/// <param name="Returns">The return of each treatment whose cost is known.</param>
internal sealed record LiftReturnResult(
    System.Text.Json.Nodes.JsonNode Answer, string Currency, string Revenue, double Margin, IReadOnlyList<ReturnOnCost> Returns);
