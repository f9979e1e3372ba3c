using Guardian.CleanRoom.Contract;
using Guardian.Cli.Rooms;

namespace Guardian.Cli.Tests;

/// <summary>The words of <c>room check</c> about a budget.</summary>
public sealed class BudgetMeaningTests
{
    [Theory]
    [InlineData(0.1, "at most 53 %")]
    [InlineData(1, "at most 74 %")]
    [InlineData(3, "at most 95.3 %")]
    [InlineData(4, "at most 98.3 %")]
    [InlineData(10, "at most 99.9955 %")]
    [InlineData(40, "at most 100.000000 %")]
    public void The_sentence_never_promises_more_than_the_budget(double budget, string expected)
    {
        var meaning = BudgetMeaning.Of("customers", (decimal)budget);
        Assert.Equal(Math.Exp(budget) / (1 + Math.Exp(budget)), meaning.GuessedRight, 1e-12);
        var sentence = BudgetMeaning.Describe("customers", meaning);
        Assert.StartsWith("customers: an attacker who knows everyone else", sentence, StringComparison.Ordinal);
        Assert.Contains(expected, sentence, StringComparison.Ordinal);
        Assert.Equal(budget > 7, sentence.Contains("weak", StringComparison.Ordinal));
    }

    [Fact]
    public void Exact_figures_promise_nothing() =>
        Assert.Contains("100 %", BudgetMeaning.Describe("customers", new BudgetMeaning("customers", null, 1)), StringComparison.Ordinal);

    [Fact]
    public void The_default_budget_pays_for_one_lift_and_ten_answers()
    {
        var rules = PrivacyRules.Default;
        Assert.Equal((0.1m, 4m), (rules.Epsilon, rules.Budget));
        Assert.Equal(rules.Budget, 3 + (10 * rules.Epsilon));
    }
}
