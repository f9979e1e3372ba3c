using System.Globalization;
using Guardian.CleanRoom.Analyses;
using Guardian.CleanRoom.Client;
using Guardian.CleanRoom.Contract;
using Guardian.CleanRoom.Room;
using Guardian.Cli.Output;

namespace Guardian.Cli.Rooms;

/// <summary>Shows the forecast of an answer to people.</summary>
internal static class ForecastView
{
    /// <summary>Forecasts an answer. None of these calls depends on rows, costs anything, or becomes an entry of the log.</summary>
    public static async Task<QuestionForecast> ReadAsync(
        RoomContract contract, RoomClient client, Question question, CancellationToken cancellation)
    {
        var room = await client.DescribeAsync(cancellation).ConfigureAwait(false);
        var budget = await client.ReadBudgetAsync(cancellation).ConfigureAwait(false);
        var log = await client.ReadLogAsync(cancellation).ConfigureAwait(false);
        return QuestionForecast.Of(contract, room.Member, question, new PublicFacts(room, budget, log));
    }

    /// <summary>Shows price, errors and doubts.</summary>
    public static void Show(TextOutput people, QuestionForecast forecast)
    {
        if (forecast.Refusal is { } code)
        {
            people.WriteLine($"it would be refused, free of charge: {forecast.Detail} ({code})");
            return;
        }
        people.WriteLine(forecast.RepeatsEntry is { } entry ? $"it was asked before (entry {entry} of the log): the answer is free"
            : forecast.Price == 0 ? "it costs nothing, because the members agreed on exact figures"
            : string.Create(
                CultureInfo.InvariantCulture,
                $"it costs {forecast.Price} of the budget of {string.Join(" and ", forecast.DataSets)}, also if it is withheld"));
        foreach (var error in forecast.Errors)
        {
            people.WriteLine(error.Margin == 0
                ? $"{error.Figure}: exact"
                : string.Create(CultureInfo.InvariantCulture, $"{error.Figure}: 95 % are within {error.Margin:#,0.##} of the truth"));
        }
        foreach (var doubt in forecast.Doubts)
        {
            people.WriteLine($"likely withheld: {doubt}");
        }
        people.WriteLine("nothing was asked: this follows from the contract, the budgets and the log");
    }
}
