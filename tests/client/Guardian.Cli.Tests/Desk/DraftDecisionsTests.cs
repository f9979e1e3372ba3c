using Guardian.CleanRoom.Client.Drafting;
using Guardian.Cli.Desk;
using Guardian.Refusals;

namespace Guardian.Cli.Tests.Desk;

/// <summary>The decisions of a draft as a form.</summary>
public class DraftDecisionsTests
{
    private const string Draft = """
        # The part of retailer in a contract. DECIDE stands where retailer must decide.
        datasets:
          - name: purchases
            owner: retailer
            identifier: {kind: DECIDE, column: DECIDE}
            events: {time: at, zone: DECIDE, from: 2026-01-01T00:00:00Z, to: 2026-02-01T00:00:00Z}
            columns:
              - {name: spend, type: decimal, places: 2, minimum: 0, maximum: 100, sum: DECIDE, filter: DECIDE}   # DECIDED by you
              - {name: "two words", type: flag, filter: DECIDE}
        """;

    [Fact]
    public void Each_open_place_is_a_question_that_names_its_column()
    {
        var questions = DraftDecisions.Find(Draft);
        Assert.Equal(6, questions.Count);
        Assert.Equal(
            ["What kind of identifier is it?", "Which column has the identifier?", "In which time zone are the times of the file?",
                "May questions sum 'spend'?", "May questions filter and group by 'spend'?",
                "May questions filter and group by 'two words'?"],
            questions.Select(question => question.Question));
        // No default decides what a partner may ask.
        Assert.All(questions.Where(question => question.Choices.Any(choice => choice.Value == "true")), question =>
            Assert.Empty(question.Default));
    }

    [Fact]
    public void The_answers_stand_where_the_questions_were()
    {
        string[] answers = ["email", "E-Mail address", "Europe/Berlin", "true", "false", "true"];
        var decided = DraftDecisions.Apply(Draft, index => answers[index]);
        Assert.Contains("identifier: {kind: email, column: \"E-Mail address\"}", decided, StringComparison.Ordinal);
        Assert.Contains("zone: Europe/Berlin,", decided, StringComparison.Ordinal);
        Assert.Contains("sum: true, filter: false}   # DECIDED by you", decided, StringComparison.Ordinal);
        Assert.Empty(DraftDecisions.Find(decided));
        Assert.StartsWith("# The part of retailer in a contract. DECIDE stands", decided, StringComparison.Ordinal);
    }

    [Fact]
    public void An_open_question_stays_open()
    {
        var decided = DraftDecisions.Apply(Draft, index => index == 3 ? "true" : "");
        Assert.Equal(5, DraftDecisions.Find(decided).Count);
        Assert.DoesNotContain("sum: DECIDE", decided, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("x}\n  - name: other")]
    [InlineData("a\"b")]
    [InlineData("a\\")]
    public void An_answer_that_could_end_its_value_is_refused(string answer) =>
        Assert.Throws<RefusedException>(() => DraftDecisions.Apply(Draft, index => index == 1 ? answer : ""));

    [Theory]
    [InlineData("x}, sum: true, y: {z")]
    [InlineData("a, b")]
    [InlineData("# comment")]
    [InlineData(DataSetDraft.Decide)]
    [InlineData(",")]
    public void Any_other_text_is_quoted(string answer) => Assert.Contains(
        $"column: \"{answer}\"}}", DraftDecisions.Apply(Draft, index => index == 1 ? answer : ""), StringComparison.Ordinal);
}
