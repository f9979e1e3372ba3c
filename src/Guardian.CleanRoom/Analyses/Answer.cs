using System.Text.Json;
using System.Text.Json.Serialization;

namespace Guardian.CleanRoom;

/// <summary>What leaves the room: the payload of a signed statement of type <see cref="StatementType"/>.</summary>
/// <param name="ContractHash">SHA-256 of the contract, lower-case hex; the same as in the quote.</param>
/// <param name="Member">Who asked.</param>
/// <param name="DataVersions">Digest of each data set's version, by name.</param>
/// <param name="MinimumAudience">The rule that was applied.</param>
/// <param name="Epsilon">Noise of each count; null for exact counts, as the members agreed.</param>
/// <param name="LogHash">Hash of the log's entry about this answer, lower-case hex.</param>
public sealed record Answer(
    string Room,
    string ContractHash,
    string Member,
    DateTimeOffset Instant,
    Question Question,
    IReadOnlyDictionary<string, string> DataVersions,
    int MinimumAudience,
    double? Epsilon,
    string LogHash,
    OverlapResult? Overlap,
    CrosstabResult? Crosstab,
    LiftResult? Lift)
{
    /// <summary>JWS type of the statement.</summary>
    public const string StatementType = "guardian-room-answer+jws";
}

/// <param name="Persons">Persons in both data sets who satisfy the filters.</param>
public sealed record OverlapResult(long Persons);

/// <param name="Cells">One for each combination of values, the last column's running fastest.</param>
/// <param name="SuppressedCells">How many cells the minimum audience withholds.</param>
public sealed record CrosstabResult(IReadOnlyList<string> By, IReadOnlyList<CrosstabCell> Cells, int SuppressedCells);

/// <param name="Persons">Null when the minimum audience withholds it.</param>
public sealed record CrosstabCell(IReadOnlyList<string> Values, long? Persons);

/// <param name="Assignment">The column that assigned persons to arms.</param>
/// <param name="Arms">The arms in the order of the column's values.</param>
/// <param name="SampleRatio">Whether the arms have the sizes that were intended.</param>
public sealed record LiftResult(
    string Assignment, string Control, LiftPopulation Population, long Matched, IReadOnlyList<LiftArm> Arms, SampleRatio SampleRatio, IReadOnlyList<LiftOutcome> Outcomes);

/// <summary>An arm.</summary>
public sealed record LiftArm(string Name, long Persons, bool IsControl);

/// <param name="IsRate">Whether the outcome is a flag, compared as a rate; else it is compared per head.</param>
/// <param name="Totals">By arm.</param>
/// <param name="Comparisons">Each treatment arm against control, and, when there are several, all of them taken together.</param>
public sealed record LiftOutcome(string Column, bool IsRate, IReadOnlyList<LiftTotal> Totals, IReadOnlyList<LiftComparison> Comparisons);

/// <param name="Sum">Persons who did, or the sum of the values.</param>
/// <param name="Mean">The rate, or the mean per head.</param>
public sealed record LiftTotal(string Arm, double Sum, double Mean);

/// <param name="Treatment">The arm, or "any treatment".</param>
public sealed record LiftComparison(string Treatment, Comparison Result);

/// <summary>Says that a version is complete: the payload of a signed statement of type <see cref="StatementType"/>.</summary>
/// <param name="Digest">Names the version, lower-case hex.</param>
/// <param name="Rows">Persons in it.</param>
public sealed record UploadReceipt(string Room, string ContractHash, string Member, DateTimeOffset Instant, string DataSet, string Digest, int Rows, string LogHash)
{
    /// <summary>JWS type of the statement.</summary>
    public const string StatementType = "guardian-room-upload+jws";
}

/// <summary>Strict source-generated JSON of answers.</summary>
[JsonSourceGenerationOptions(
    JsonSerializerDefaults.Strict, PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UseStringEnumConverter = true,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, RespectRequiredConstructorParameters = false)]
[JsonSerializable(typeof(Answer))]
[JsonSerializable(typeof(UploadReceipt))]
public sealed partial class AnswerJson : JsonSerializerContext;
