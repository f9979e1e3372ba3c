using System.Text.Json;
using System.Text.Json.Serialization;

namespace Guardian.CleanRoom.Analyses;

/// <summary>The JSON of an answer. Exactly one of the results is set.</summary>
internal sealed record AnswerWire : AnswerProvenance
{
    // Results follow the provenance.
    private const int AfterProvenance = 1;

    public AnswerWire()
    {
    }

    [System.Diagnostics.CodeAnalysis.SetsRequiredMembers]
    public AnswerWire(Answer answer) : base(answer)
    {
        Overlap = answer.Body as OverlapResult;
        Crosstab = answer.Body as CrosstabResult;
        Sum = answer.Body as SumResult;
        Reach = answer.Body as ReachResult;
        Lift = answer.Body as LiftResult;
        SegmentedLift = answer.Body as SegmentedLiftResult;
        Activation = answer.Body as ActivationResult;
        Program = answer.Body as ProgramResult;
        Withheld = answer.Body as WithheldResult;
    }

    [JsonPropertyOrder(AfterProvenance)]
    public OverlapResult? Overlap { get; init; }

    [JsonPropertyOrder(AfterProvenance)]
    public CrosstabResult? Crosstab { get; init; }

    [JsonPropertyOrder(AfterProvenance)]
    public SumResult? Sum { get; init; }

    [JsonPropertyOrder(AfterProvenance)]
    public ReachResult? Reach { get; init; }

    [JsonPropertyOrder(AfterProvenance)]
    public LiftResult? Lift { get; init; }

    [JsonPropertyOrder(AfterProvenance)]
    public SegmentedLiftResult? SegmentedLift { get; init; }

    [JsonPropertyOrder(AfterProvenance)]
    public ActivationResult? Activation { get; init; }

    [JsonPropertyOrder(AfterProvenance)]
    public ProgramResult? Program { get; init; }

    [JsonPropertyOrder(AfterProvenance)]
    public WithheldResult? Withheld { get; init; }

    /// <exception cref="JsonException">There is no result, or more than one.</exception>
    public Answer ToAnswer()
    {
        AnswerBody?[] all = [Overlap, Crosstab, Sum, Reach, Lift, SegmentedLift, Activation, Program, Withheld];
        return all.OfType<AnswerBody>().ToList() is [var body]
            ? new Answer(this, body)
            : throw new JsonException("an answer has exactly one result");
    }
}

[JsonSourceGenerationOptions(
    JsonSerializerDefaults.Strict, PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UseStringEnumConverter = true,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, RespectRequiredConstructorParameters = false)]
[JsonSerializable(typeof(AnswerWire))]
internal sealed partial class AnswerWireJson : JsonSerializerContext;

/// <summary>Writes answers as flat JSON.</summary>
internal sealed class AnswerConverter : JsonConverter<Answer>
{
    public override Answer? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        JsonSerializer.Deserialize(ref reader, AnswerWireJson.Default.AnswerWire)?.ToAnswer();

    public override void Write(Utf8JsonWriter writer, Answer value, JsonSerializerOptions options) =>
        JsonSerializer.Serialize(writer, new AnswerWire(value), AnswerWireJson.Default.AnswerWire);
}
