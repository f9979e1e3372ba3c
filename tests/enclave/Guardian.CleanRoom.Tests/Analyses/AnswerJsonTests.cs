using System.Text.Json;
using Guardian.CleanRoom.Analyses;
using Guardian.CleanRoom.Contract;
using Guardian.CleanRoom.Statistics;

namespace Guardian.CleanRoom.Tests.Analyses;

/// <summary>The JSON of signed answers, which members and other programs read: it is fixed byte by byte.</summary>
public class AnswerJsonTests
{
    private const string Start = """
        {"room":"room","contractHash":"00ff","contractVersion":2,"member":"agency","instant":"2026-03-01T10:20:30.005+00:00","question":
        {"kind":"Crosstab","dataSets":[],"where":[{"is":"not","condition":{"is":"predicate","column":"a.b","operator":"=","values":["1"]}}],
        "by":["a.b"]},"dataVersions":{"a":"11","b":"22"},"minimumAudience":100,
        """;

    private const string Noise = """
        "epsilon":0.5,"noiseMargin":6,
        """;

    private const string Comparison = """
        {"absoluteLift":0.5,"standardError":0.25,"absoluteInterval":{"lower":0.1,"upper":0.9},"z":2.5,"pValue":0.01,"incremental":12.5}
        """;

    public static TheoryData<string, string> Bodies() => new()
    {
        { "overlap", """{"persons":5}""" },
        { "crosstab", """{"by":["a.b"],"cells":[{"values":["x"],"persons":7},{"values":["y"]}],"suppressedCells":1}""" },
        { "sum", """{"column":"a.b","persons":7,"sum":1.5,"mean":0.25,"cap":400}""" },
        {
            "reach",
            """
            {"column":"a.b","persons":9,"reached":8,"frequencies":[{"times":0,"orMore":false,"persons":1},{"times":1,"orMore":true}]}
            """
        },
        {
            "lift",
            $$$$"""
            {"assignment":"a.b","control":"None","population":"Assigned","matched":9,"arms":
            [{"name":"Red","persons":4,"isControl":false,"intendedShare":0.5,"exposed":3},
            {"name":"None","persons":5,"isControl":true,"intendedShare":0.5}],
            "sampleRatio":{"chiSquare":0.5,"degreesOfFreedom":1,"pValue":0.25,"isMismatch":false},
            "correction":"BenjaminiHochberg","exposure":"a.c","outcomes":
            [{"column":"b.c","isRate":true,"totals":[{"arm":"Red","sum":2,"mean":0.5}],"comparisons":
            [{"treatment":"Red","result":{{{{Comparison}}}},"verdict":"NotShown","adjustedPValue":0.01,
            "cuped":{"theta":0.5,"result":{{{{Comparison}}}},"varianceReduction":0.25},
            "exposed":{"exposedShare":0.5,"controlShare":0,"effect":0.25,"interval":{"lower":0,"upper":1}}}]}]}
            """
        },
        {
            "segmentedLift",
            """
            {"by":"a.d","comparisons":1,"sampleRatio":{"chiSquare":0.5,"degreesOfFreedom":1,"pValue":0.25,"isMismatch":false},"segments":
            [{"value":"x"}]}
            """
        },
        { "activation", """{"dataSet":"a","persons":1,"tags":"AQID"}""" },
        { "withheld", """{"reason":"below-minimum-audience","detail":"d"}""" },
    };

    [Theory]
    [MemberData(nameof(Bodies))]
    public void An_answer_has_the_same_bytes_as_ever_and_is_read_back(string kind, string body)
    {
        var json = OneLine($"{Start}{Noise}\"logHash\":\"ab\",\"{kind}\":{body}}}");
        Assert.Equal(json, Write(AnswerOf(kind)));
        Assert.Equal(json, Write(Read(json)));
        Assert.Equal(AnswerOf(kind).Body.GetType(), Read(json).Body.GetType());
    }

    [Fact]
    public void Exact_figures_have_neither_epsilon_nor_margin()
    {
        var exact = new Answer(Provenance with { Epsilon = null, NoiseMargin = null }, new OverlapResult(5));
        Assert.Equal(OneLine($"{Start}\"logHash\":\"ab\",\"overlap\":{{\"persons\":5}}}}"), Write(exact));
    }

    [Theory]
    [InlineData("")]
    [InlineData(",\"overlap\":{\"persons\":5},\"sum\":{\"column\":\"a.b\",\"persons\":7,\"sum\":1.5,\"mean\":0.25,\"cap\":400}")]
    [InlineData(",\"overlap\":{\"persons\":5},\"other\":1")]
    public void An_answer_without_exactly_one_known_result_is_refused(string results) =>
        Assert.Throws<JsonException>(() => Read(OneLine($"{Start}\"logHash\":\"ab\"{results}}}")));

    [Fact]
    public void An_answer_without_provenance_is_refused() =>
        Assert.Throws<JsonException>(() => Read("""{"room":"room","overlap":{"persons":5}}"""));

    private static AnswerProvenance Provenance { get; } = new()
    {
        Room = "room",
        ContractHash = "00ff",
        ContractVersion = 2,
        Member = "agency",
        Instant = new DateTimeOffset(2026, 3, 1, 10, 20, 30, 5, TimeSpan.Zero),
        Question = new Question
        {
            Kind = QuestionKind.Crosstab,
            By = ["a.b"],
            Where = [new NotOf(new Predicate("a.b", "=", ["1"]))],
        },
        DataVersions = new Dictionary<string, string> { ["a"] = "11", ["b"] = "22" },
        MinimumAudience = 100,
        Epsilon = 0.5m,
        NoiseMargin = 6,
        LogHash = "ab",
    };

    private static Answer AnswerOf(string kind)
    {
        var compared = new Comparison(0.5, 0.25, new Interval(0.1, 0.9), 2.5, 0.01, null, null, 12.5);
        var exposed = new ExposedEffect(0.5, 0, 0.25, new Interval(0, 1));
        AnswerBody body = kind switch
        {
            "overlap" => new OverlapResult(5),
            "crosstab" => new CrosstabResult(["a.b"], [new CrosstabCell(["x"], 7), new CrosstabCell(["y"], null)], 1),
            "sum" => new SumResult("a.b", 7, 1.5, 0.25, 400, null),
            "reach" => new ReachResult("a.b", 9, 8, [new FrequencyClass(0, false, 1), new FrequencyClass(1, true, null)], null),
            "lift" => new LiftResult(
                "a.b", "None", LiftPopulation.Assigned, 9, [new LiftArm("Red", 4, false, 0.5, 3), new LiftArm("None", 5, true, 0.5)],
                new SampleRatio(0.5, 1, 0.25, false), MultipleTesting.BenjaminiHochberg, null, "a.c",
                [
                    new LiftOutcome("b.c", true, [new LiftTotal("Red", 2, 0.5)],
                    [
                        new LiftComparison("Red", compared, LiftVerdict.NotShown, 0.01, new CupedComparison(0.5, compared, 0.25), exposed),
                    ]),
                ]),
            "segmentedLift" => new SegmentedLiftResult("a.d", 1, new SampleRatio(0.5, 1, 0.25, false), [new LiftSegment("x", null)]),
            "withheld" => new WithheldResult("below-minimum-audience", "d"),
            _ => new ActivationResult("a", 1, [1, 2, 3]),
        };
        return new Answer(Provenance, body);
    }

    private static string Write(Answer answer) => JsonSerializer.Serialize(answer, AnswerJson.Default.Answer);

    private static Answer Read(string json) => JsonSerializer.Deserialize(json, AnswerJson.Default.Answer)!;

    private static string OneLine(string text) => text.Replace("\n", "", StringComparison.Ordinal);
}
