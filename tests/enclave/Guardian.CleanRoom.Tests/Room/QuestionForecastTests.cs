using Guardian.CleanRoom.Analyses;
using Guardian.CleanRoom.Contract;
using Guardian.CleanRoom.Room;
using Guardian.CleanRoom.Tests.Support;

namespace Guardian.CleanRoom.Tests.Room;

/// <summary>Forecasts of answers: they agree with what the room then does, and they know nothing that a member may not know.</summary>
public sealed class QuestionForecastTests : IDisposable
{
    private static readonly Question Overlap = new() { Kind = QuestionKind.Overlap };

    private readonly TestRoom room = new(TestContract.Read(
        ("  noise: none\n", "  noise: {epsilon: 0.5}\n  budget: 2\n"), ("  crosstab: true\n", "  crosstab: true\n  sum: true\n"),
        ("places: 2, minimum: -50, maximum: 10000}", "places: 2, minimum: -50, maximum: 10000, cap: 500, sum: true}"),
        ("query: [agency], receive: [agency]", "query: [agency, retailer], receive: [agency]")), seed: 3);

    private readonly List<CampaignRow> campaign;

    public QuestionForecastTests()
    {
        var random = new Random(5);
        campaign = TestRows.Campaign(random, 2_000, 2_500);
        room.Upload("campaign", TestRows.Csv(campaign));
        room.Upload("customers", TestRows.Csv(TestRows.Customers(random, 2_000, 2_500)));
    }

    public void Dispose() => room.Dispose();

    [Fact]
    public void A_forecast_has_the_price_and_the_error_of_the_answer_and_costs_nothing()
    {
        var entries = room.Service.ReadLog().Entries.Count;
        var forecast = Forecast(Overlap);
        Assert.Equal((null, null, 0.5m), (forecast.Refusal, forecast.RepeatsEntry, forecast.Price));
        Assert.Equal(["campaign", "customers"], forecast.DataSets);
        Assert.Empty(forecast.Doubts);
        Assert.Equal(entries, room.Service.ReadLog().Entries.Count);
        Assert.Equal(0, room.Service.Questions.ReadBudget().DataSets[0].Spent);
        Assert.Equal((double)room.Ask(Overlap).NoiseMargin!.Value, forecast.Errors.Single().Margin);
        Assert.Equal(0.5m, room.Service.Questions.ReadBudget().DataSets[0].Spent);
    }

    [Fact]
    public void A_sum_has_the_error_of_its_answer()
    {
        var question = new Question { Kind = QuestionKind.Sum, Column = "customers.spend" };
        var forecast = Forecast(question);
        Assert.Equal(room.Ask<SumResult>(question).Margin!.Value, forecast.Errors[1].Margin);
    }

    [Fact]
    public void A_repeated_question_is_free_however_it_is_written()
    {
        room.Ask(About("<", "40"));
        var forecast = Forecast(Overlap with { Where = [new NotOf(new Predicate("customers.age", ">=", ["40"]))] });
        Assert.Equal((room.Service.ReadLog().Entries.Single(entry => entry.Event == "question").Sequence, 0m),
            (forecast.RepeatsEntry!.Value, forecast.Price));
    }

    [Fact]
    public void A_certain_refusal_has_the_code_of_the_room()
    {
        foreach (var question in new[]
        {
            new Question { Kind = QuestionKind.Sum, Column = "customers.age" }, new Question { Kind = QuestionKind.Reach },
            Overlap with { Where = [new Predicate("customers.visit", "=", ["1"])] }, Overlap with { DataSets = ["campaign", "none"] },
        })
        {
            Assert.Equal(room.Refusal(question), Forecast(question).Refusal);
        }
        for (var age = 0; age < 4; age++)
        {
            room.Service.Questions.Ask(room.Agency, About("<", $"{30 + (10 * age)}"));
        }
        Assert.Equal("budget-exhausted", Forecast(Overlap).Refusal);
        Assert.Equal(room.Refusal(Overlap), Forecast(Overlap).Refusal);
        room.Service.DataSets.Delete(room.Agency, "campaign");
        Assert.Equal(room.Refusal(Overlap), Forecast(Overlap).Refusal);
    }

    [Fact]
    public void A_group_that_was_answered_on_an_earlier_version_is_doubtful()
    {
        room.Ask(About("<", "40"));
        room.Upload("campaign", TestRows.Csv(campaign.Skip(1)));
        var forecast = Forecast(About("<", "40"));
        Assert.Contains("earlier version", forecast.Doubts.Single(), StringComparison.Ordinal);
        Assert.Equal("below-minimum-audience", room.Refusal(About("<", "40")));
        Assert.Contains("was withheld", Forecast(About("<", "40")).Doubts.Single(), StringComparison.Ordinal);
        Assert.Empty(Forecast(About("<", "60")).Doubts);
    }

    [Fact]
    public void More_cells_than_persons_are_doubtful()
    {
        // Three arms in four regions, with 400 persons each, and 4,000 persons at most.
        var contract = TestContract.Read(("minimum_audience: 20", "minimum_audience: 400"));
        var question = new Question { Kind = QuestionKind.Crosstab, By = ["campaign.arm", "customers.region"] };
        Assert.Contains("12 cells", QuestionForecast.Of(contract, "agency", question, Facts()).Doubts.Single(), StringComparison.Ordinal);
        Assert.Empty(Forecast(question).Doubts);
    }

    private static Question About(string comparison, string age) =>
        Overlap with { Where = [new Predicate("customers.age", comparison, [age])] };

    private PublicFacts Facts() =>
        new(room.Service.Describe(room.Agency), room.Service.Questions.ReadBudget(), room.Service.ReadLog());

    private QuestionForecast Forecast(Question question) => QuestionForecast.Of(room.Contract, "agency", question, Facts());
}
