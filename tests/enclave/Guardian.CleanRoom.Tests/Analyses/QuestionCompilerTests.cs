using Guardian.CleanRoom.Analyses;
using Guardian.CleanRoom.Contract;
using Guardian.CleanRoom.Matching;
using Guardian.CleanRoom.Tests.Support;
using Guardian.Refusals;

namespace Guardian.CleanRoom.Tests.Analyses;

public class QuestionCompilerTests
{
    private readonly QuestionCompiler compiler = new(TestContract.Read());

    [Theory]
    [InlineData("""{"kind":"Overlap"}""", true)]
    [InlineData("""{"kind":"Overlap","where":[{"is":"predicate","column":"a.b","operator":"=","values":["1"]}]}""", true)]
    [InlineData("""{"kind":"Overlap","dataSets":[null]}""", false)]
    [InlineData("""{"kind":"Crosstab","by":[null]}""", false)]
    [InlineData("""{"kind":"Overlap","where":[null]}""", false)]
    [InlineData("""{"kind":"Overlap","where":[{"is":"any","conditions":[null]}]}""", false)]
    [InlineData("""{"kind":"Overlap","where":[{"is":"not","condition":{"is":"all","conditions":[null]}}]}""", false)]
    [InlineData("""{"kind":"Overlap","where":[{"is":"predicate","column":"a.b","operator":"=","values":[null]}]}""", false)]
    [InlineData("""{"kind":"Overlap","where":[{"column":"a.b","operator":"=","values":["1"]}]}""", false)]
    [InlineData("""{"kind":"Overlap","where":null}""", false)]
    [InlineData("null", false)]
    [InlineData("", false)]
    public void A_question_from_the_wire_may_leave_out_lists_and_holds_no_null(string json, bool isQuestion)
    {
        var question = Question.TryRead(System.Text.Encoding.UTF8.GetBytes(json));
        Assert.Equal(isQuestion, question is not null);
        if (question is not null)
        {
            Assert.Equal(question.Where.Count == 0, compiler.Compile(question).Refusal is null);
        }
    }

    [Theory]
    [InlineData("campaign.arm", "=", "Red", "1-1")]
    [InlineData("campaign.arm", "!=", "Blue", "1-1 3-3")]
    [InlineData("campaign.arm", "!=", "Red", "2-3")]
    [InlineData("campaign.arm", "in", "Red|None", "1-1 3-3")]
    [InlineData("campaign.exposed", "=", "true", "2-2")]
    [InlineData("campaign.score", "<", "-70000", "")]
    [InlineData("campaign.score", "<=", "-70000", "1-1")]
    [InlineData("campaign.score", ">", "69999", "140001-140001")]
    [InlineData("campaign.score", ">=", "0", "70001-140001")]
    public void A_condition_becomes_ranges_of_codes(string column, string operation, string values, string expected)
    {
        var compiled = compiler.Compile(Ask(new Predicate(column, operation, values.Split('|')))).Value!;
        Assert.Equal(expected,
            string.Join(
            ' ', ((CodeRanges)compiled.Filters.Of(compiled.DataSets[0]).Single()).Ranges.Select(range => $"{range.First}-{range.Last}")));
    }

    [Theory]
    [InlineData("customers.visit", "=", "1", "not-filterable")]
    [InlineData("customers.mail", "=", "a@b.c", "not-filterable")]
    [InlineData("nowhere.arm", "=", "Red", "no-column")]
    [InlineData("arm", "=", "Red", "no-column")]
    [InlineData("campaign.arm", "=", "Green", "bad-filter")]
    [InlineData("campaign.arm", "<", "Red", "bad-filter")]
    [InlineData("campaign.arm", "like", "R%", "bad-filter")]
    [InlineData("campaign.arm", "=", "Red|Blue", "bad-filter")]
    [InlineData("campaign.score", "=", "70001", "bad-filter")]
    [InlineData("campaign.score", "=", "1.5", "bad-filter")]
    public void What_the_contract_does_not_open_cannot_be_asked(string column, string operation, string values, string reason) =>
        Assert.Equal(reason, compiler.Compile(Ask(new Predicate(column, operation, values.Split('|')))).Refusal!.Code);

    [Fact]
    public void Questions_without_end_are_refused()
    {
        Assert.Equal("too-many-filters",
            compiler.Compile(Ask([.. Enumerable.Repeat(new Predicate("campaign.arm", "=", ["Red"]), 9)])).Refusal!.Code);
        Assert.Equal(
            "bad-filter", compiler.Compile(Ask(new Predicate("campaign.arm", "in", [.. Enumerable.Repeat("Red", 101)]))).Refusal!.Code);
        Assert.Equal("bad-filter", compiler.Compile(Ask(new Predicate("campaign.arm", "in", []))).Refusal!.Code);
    }

    [Theory]
    [InlineData("", "bad-crosstab")]
    [InlineData("campaign.arm|campaign.arm", "bad-crosstab")]
    [InlineData("campaign.arm|campaign.exposed|customers.region", "bad-crosstab")]
    [InlineData("campaign.score", "not-groupable")]
    [InlineData("customers.visit", "not-filterable")]
    public void A_crosstab_needs_one_or_two_open_categories(string by, string reason) =>
        Assert.Equal(reason,
            compiler.Compile(
            new Question { Kind = QuestionKind.Crosstab, By = by.Split('|', StringSplitOptions.RemoveEmptyEntries) }).Refusal!.Code);

    [Fact]
    public void A_crosstab_of_too_many_cells_is_refused()
    {
        var values = string.Join(", ", Enumerable.Range(0, 400).Select(i => $"v{i}"));
        var contract = TestContract.Read(("values: [North, South, East, West]", $"values: [{values}]"));
        Assert.Equal("too-many-cells",
            new QuestionCompiler(contract).Compile(
            new Question { Kind = QuestionKind.Crosstab, By = ["campaign.arm", "customers.region"] }).Refusal!.Code);
    }

    [Fact]
    public void An_analysis_that_the_contract_leaves_out_is_refused()
    {
        var contract = TestContract.Read(("  overlap: true\n", ""));
        var refusal = new QuestionCompiler(contract).Compile(Ask()).Refusal!;
        Assert.Equal(("analysis-not-allowed", RefusalKind.Forbidden), (refusal.Code, refusal.Kind));
        Assert.Contains("crosstab, lift", refusal.Detail, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("campaign.arm = Mens E-Mail", "campaign.arm", "=", "Mens E-Mail")]
    [InlineData("campaign.score>=10", "campaign.score", ">=", "10")]
    [InlineData("  customers.age <= 5 ", "customers.age", "<=", "5")]
    [InlineData("campaign.arm != \"a, b\"", "campaign.arm", "!=", "a, b")]
    [InlineData("campaign.arm in Red, \"a, b\" ,None", "campaign.arm", "in", "Red|a, b|None")]
    public void Conditions_are_read_as_people_write_them(string text, string column, string operation, string values)
    {
        var predicate = (Predicate?)ConditionText.TryRead(text, out var problem);
        Assert.Null(problem);
        Assert.Equal((column, operation, values), (predicate!.Column, predicate.Operator, string.Join('|', predicate.Values)));
    }

    [Theory]
    [InlineData("campaign.score between 1 and 5 and campaign.exposed = 1", "(campaign.score between 1 and 5 and campaign.exposed = 1)")]
    [InlineData("campaign.arm = Red or campaign.arm = Blue and not campaign.exposed = 1",
        "(campaign.arm = Red or (campaign.arm = Blue and not campaign.exposed = 1))")]
    [InlineData(
        "not (campaign.arm in Red, \"a and b\" OR campaign.score<3)", "not (campaign.arm in Red, \"a and b\" or campaign.score < 3)")]
    [InlineData("campaign.arm = \"say \"\"x\"\"\"", "campaign.arm = \"say \"x\"\"")]
    public void Conditions_join_with_and_or_not_and_parentheses(string text, string expected) =>
        Assert.Equal(expected, ConditionText.TryRead(text, out _)?.ToString());

    [Fact]
    public void Not_is_pushed_down_so_that_empty_cells_never_satisfy_it()
    {
        var compiled = Compile("not (campaign.arm = Red and (campaign.score < 0 or campaign.score between 5 and 6))");
        var any = Assert.IsType<CodeAny>(compiled.Filters.Of(compiled.DataSets[0]).Single());
        Assert.Equal("2-3|70001-70005 70008-140001",
            string.Join('|', any.Leaves().Select(leaf => string.Join(' ', leaf.Ranges.Select(range => $"{range.First}-{range.Last}")))));
    }

    [Fact]
    public void What_is_about_one_data_set_filters_its_rows_and_the_rest_is_about_matched_persons()
    {
        var compiled = Compile("customers.age < 10 and (campaign.arm = Red or not customers.region = North) and campaign.exposed = 1");
        Assert.Equal("1[2-2]", CanonicalCondition.Text(compiled.Filters.Of(compiled.DataSets[0]).Single()));
        Assert.Equal("3[1-10]", CanonicalCondition.Text(compiled.Filters.Of(compiled.DataSets[1]).Single()));
        Assert.Equal([new Measure(0, 0), new Measure(1, 0)], compiled.Filters.Across!.Columns);
        Assert.Equal("((0[1-1]/1[2-4]))", CanonicalCondition.Text(compiled.Filters.Across.Condition));
        Assert.Null(Compile("campaign.arm = Red", "customers.region = North").Filters.Across);
    }

    [Theory]
    [InlineData("campaign.arm = Red or customers.region = North", "customers.region = North or campaign.arm = Red")]
    [InlineData("campaign.arm = Red or customers.region = North", "not (campaign.arm in Blue, None and not customers.region = North)")]
    [InlineData("campaign.arm = Red or (campaign.arm = Blue or customers.region = North)",
        "campaign.arm in Blue, Red or customers.region = North or customers.region = North")]
    [InlineData("campaign.arm = Red and (customers.age > 3 and customers.age < 9)",
        "(customers.age between 4 and 8 and campaign.arm = Red) and campaign.arm = Red")]
    public void The_same_condition_written_in_two_ways_is_one_question(string one, string other) =>
        Assert.Equal(Compile(one).Filters.Text, Compile(other).Filters.Text);

    [Theory]
    [InlineData("campaign.arm = Red or customers.region = North", "campaign.arm = Red and customers.region = North")]
    [InlineData("campaign.arm = Red or customers.age = 0", "campaign.arm = Red or customers.region = North")]
    [InlineData("campaign.exposed = 1 or customers.region = South", "campaign.arm = Blue or customers.region = South")]
    public void Different_conditions_are_different_questions(string one, string other) =>
        Assert.NotEqual(Compile(one).Filters.Text, Compile(other).Filters.Text);

    [Fact]
    public void Owners_rules_hold_for_conditions_over_several_data_sets()
    {
        var narrow = new QuestionCompiler(
            TestContract.Read(("maximum: 120, filter: true", "maximum: 120, filter: [18, 30, 65]"),
            ("minimum_audience: 20", "minimum_audience: 20\n  max_filters: 2")));
        string? Reason(string text) =>
            narrow.Compile(new Question { Kind = QuestionKind.Overlap, Where = [ConditionText.TryRead(text, out _)!] }).Refusal?.Code;
        Assert.Null(Reason("campaign.arm = Red or customers.age > 30"));
        Assert.Equal("not-filterable", Reason("campaign.arm = Red or customers.visit = 1"));
        Assert.Equal("value-not-open", Reason("campaign.arm = Red or customers.age > 31"));
        Assert.Equal("too-many-filters", Reason("campaign.arm = Red or campaign.arm = Blue or campaign.exposed = 1 or customers.age > 30"));
    }

    [Fact]
    public void Only_the_values_that_their_owner_opened_can_be_named()
    {
        var narrow = new QuestionCompiler(TestContract.Read(("maximum: 120, filter: true", "maximum: 120, filter: [18, 30, 65]")));
        Assert.NotNull(narrow.Compile(Ask(new Predicate("customers.age", ">=", ["30"]))).Value);
        Assert.Equal("value-not-open", narrow.Compile(Ask(new Predicate("customers.age", "<=", ["31"]))).Refusal!.Code);
    }

    [Theory]
    [InlineData("")]
    [InlineData("arm = Red")]
    [InlineData("(campaign.arm = Red")]
    [InlineData("campaign.arm = Red)")]
    [InlineData("campaign.arm = Red and")]
    [InlineData("campaign.score between 3")]
    [InlineData("campaign.arm = \"open")]
    [InlineData("((((((((((((((((((campaign.arm = Red))))))))))))))))))")]
    [InlineData("campaign.arm")]
    [InlineData("campaign.arm =")]
    [InlineData("campaign.arm ~ Red")]
    [InlineData("campaign.arm in Red,,Blue")]
    [InlineData("= Red")]
    public void What_is_no_condition_is_explained(string text)
    {
        Assert.Null(ConditionText.TryRead(text, out var problem));
        Assert.Contains($"'{text}'", problem, StringComparison.Ordinal);
    }

    private CompiledQuestion Compile(params string[] where) =>
        compiler.Compile(
            new Question { Kind = QuestionKind.Overlap, Where = [.. where.Select(text => ConditionText.TryRead(text, out _)!)] }).Value!;

    private static Question Ask(params Predicate[] where) => new() { Kind = QuestionKind.Overlap, Where = where };
}
