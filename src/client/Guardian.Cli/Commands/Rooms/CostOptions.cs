using System.CommandLine;
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
    public CampaignCosts? Read(ParseResult arguments, RoomContract contract) => arguments.GetValue(cost) is { Length: > 0 } given
        ? CostReader.Read(
            given, arguments.GetValue(currency)!, arguments.GetValue(revenue), arguments.GetValue(margin), contract)
        : null;
}

/// <summary>The result of <c>room lift</c> and <c>room report</c> with costs.</summary>
/// <param name="Answer">The answer as the room wrote it.</param>
/// <param name="Currency">Currency of costs and revenue.</param>
/// <param name="Revenue">The outcome that is revenue.</param>
/// <param name="Margin">The share of revenue that counts as return.</param>
/// <param name="Returns">The return of each treatment whose cost is known.</param>
internal sealed record LiftReturnResult(
    System.Text.Json.Nodes.JsonNode Answer, string Currency, string Revenue, double Margin, IReadOnlyList<ReturnOnCost> Returns);
