using System.Text.Json;
using System.Text.Json.Serialization;
using Guardian.CleanRoom.Contract;
using Guardian.CleanRoom.Statistics;

namespace Guardian.CleanRoom.Analyses;

/// <summary>What leaves the room: the payload of a signed statement of type <see cref="StatementType"/>.</summary>
/// <param name="ContractHash">SHA-256 of the contract, lower-case hex; the same as in the quote.</param>
/// <param name="Member">Who asked.</param>
/// <param name="DataVersions">Digest of the version of each data set that took part, by name.</param>
/// <param name="MinimumAudience">The rule that was applied.</param>
/// <param name="Epsilon">What the answer cost each of these data sets; null for exact figures, as the members agreed.</param>
/// <param name="NoiseMargin">95 % of all counts are within this of the truth; null for exact figures.</param>
/// <param name="LogHash">Hash of the log's entry about the question, lower-case hex.</param>
public sealed record Answer(
    string Room,
    string ContractHash,
    int ContractVersion,
    string Member,
    DateTimeOffset Instant,
    Question Question,
    IReadOnlyDictionary<string, string> DataVersions,
    int MinimumAudience,
    double? Epsilon,
    long? NoiseMargin,
    string LogHash,
    OverlapResult? Overlap = null,
    CrosstabResult? Crosstab = null,
    SumResult? Sum = null,
    ReachResult? Reach = null,
    LiftResult? Lift = null,
    ActivationResult? Activation = null)
{
    /// <summary>JWS type of the statement.</summary>
    public const string StatementType = "guardian-room-answer+jws";
}

/// <param name="Persons">Persons in all data sets who satisfy the filters.</param>
public sealed record OverlapResult(long Persons);

/// <param name="Cells">One for each combination of values, the last column's running fastest.</param>
/// <param name="SuppressedCells">How many cells are withheld.</param>
public sealed record CrosstabResult(IReadOnlyList<string> By, IReadOnlyList<CrosstabCell> Cells, int SuppressedCells);

/// <param name="Persons">Null when it is withheld: the cell is too small, or would give away one that is.</param>
public sealed record CrosstabCell(IReadOnlyList<string> Values, long? Persons);

/// <param name="Persons">Over how many persons.</param>
/// <param name="Sum">Each person adds at most <paramref name="Cap"/>.</param>
/// <param name="Margin">95 % of all sums are within this of the truth, by noise alone; null for exact figures.</param>
public sealed record SumResult(string Column, long Persons, double Sum, double Mean, double Cap, double? Margin);

/// <param name="Persons">Persons in all data sets who satisfy the filters.</param>
/// <param name="Reached">Those of them who were reached at least once.</param>
/// <param name="Frequencies">How many were reached how often.</param>
/// <param name="AverageFrequency">Contacts per person reached, the last class counted at its least; null when a class is withheld.</param>
public sealed record ReachResult(string Column, long Persons, long Reached, IReadOnlyList<FrequencyClass> Frequencies, double? AverageFrequency);

/// <param name="Times">How often; for the last class, this often or more.</param>
/// <param name="Persons">Null when it is withheld.</param>
public sealed record FrequencyClass(int Times, bool OrMore, long? Persons);

/// <param name="DataSet">The persons are listed as this data set's owner knows them: by tag.</param>
/// <param name="Persons">How many there are.</param>
/// <param name="Tags">14 bytes for each person, ascending, base64; with padding of 14 bytes of FF, so that its size is public.</param>
public sealed record ActivationResult(string DataSet, long Persons, byte[] Tags);

/// <param name="Assignment">The column that assigned persons to arms.</param>
/// <param name="Arms">The arms in the order of the column's values.</param>
/// <param name="SampleRatio">Whether the arms have the sizes that were intended.</param>
public sealed record LiftResult(
    string Assignment, string Control, LiftPopulation Population, long Matched, IReadOnlyList<LiftArm> Arms, SampleRatio SampleRatio,
    MultipleTesting Correction, string? Covariate, string? Exposure, IReadOnlyList<LiftOutcome> Outcomes);

/// <summary>An arm.</summary>
/// <param name="IntendedShare">The share of all persons that the contract intended it to have, 0 to 1.</param>
/// <param name="Exposed">Persons of it who were exposed; null when that is not known.</param>
public sealed record LiftArm(string Name, long Persons, bool IsControl, double IntendedShare, long? Exposed = null);

/// <param name="IsRate">Whether the outcome is a flag, compared as a rate; else it is compared per head.</param>
/// <param name="Totals">By arm.</param>
/// <param name="Comparisons">Each treatment arm against control, and, when there are several, all of them taken together.</param>
public sealed record LiftOutcome(string Column, bool IsRate, IReadOnlyList<LiftTotal> Totals, IReadOnlyList<LiftComparison> Comparisons);

/// <param name="Sum">Persons who did, or the sum of the values.</param>
/// <param name="Mean">The rate, or the mean per head.</param>
public sealed record LiftTotal(string Arm, double Sum, double Mean);

/// <param name="Treatment">The arm, or "any treatment".</param>
/// <param name="Verdict">What may be said; withheld when the arms do not have the intended sizes.</param>
/// <param name="AdjustedPValue">Of all comparisons taken together, by the contract's correction.</param>
/// <param name="Cuped">The same, narrowed by the covariate; null without one.</param>
/// <param name="Exposed">The effect on those who were exposed; null when exposure is not known.</param>
public sealed record LiftComparison(
    string Treatment, Comparison Result, LiftVerdict Verdict, double? AdjustedPValue, CupedComparison? Cuped = null, ExposedEffect? Exposed = null);

/// <summary>What a comparison allows to say.</summary>
public enum LiftVerdict
{
    /// <summary>Nothing: the arms do not have the intended sizes, so something else than the campaign parted them.</summary>
    Withheld,

    /// <summary>The treatment raised the outcome.</summary>
    Increase,

    /// <summary>The treatment lowered the outcome.</summary>
    Decrease,

    /// <summary>Neither is shown.</summary>
    NotShown,
}

/// <summary>Says that a version is complete: the payload of a signed statement of type <see cref="StatementType"/>.</summary>
/// <param name="Digest">Names the version, lower-case hex.</param>
/// <param name="Rows">Persons in it.</param>
public sealed record UploadReceipt(string Room, string ContractHash, string Member, DateTimeOffset Instant, string DataSet, string Digest, int Rows, string LogHash)
{
    /// <summary>Digest of the version that was changed; null when everyone was brought.</summary>
    public string? Base { get; init; }

    /// <summary>Digest of what was sent, when the enclave made the version from it; null when it is the version.</summary>
    public string? Upload { get; init; }

    /// <summary>JWS type of the statement.</summary>
    public const string StatementType = "guardian-room-upload+jws";
}

/// <summary>Says that a data set was deleted: the payload of a signed statement of type <see cref="StatementType"/>.</summary>
/// <param name="Digest">Names the version that is gone, lower-case hex.</param>
public sealed record DeletionReceipt(string Room, string ContractHash, string Member, DateTimeOffset Instant, string DataSet, string Digest, string LogHash)
{
    /// <summary>JWS type of the statement.</summary>
    public const string StatementType = "guardian-room-deletion+jws";
}

/// <summary>Says that a question was put, to a member who may ask but not read answers: the payload of a signed statement of type <see cref="StatementType"/>.</summary>
/// <param name="Asked">Sequence of the log's entry, by which those who may read find the answer.</param>
public sealed record QuestionReceipt(string Room, string ContractHash, string Member, DateTimeOffset Instant, Question Question, long Asked, string LogHash)
{
    /// <summary>JWS type of the statement.</summary>
    public const string StatementType = "guardian-room-question+jws";
}

/// <summary>Strict source-generated JSON of what leaves.</summary>
[JsonSourceGenerationOptions(
    JsonSerializerDefaults.Strict, PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UseStringEnumConverter = true,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, RespectRequiredConstructorParameters = false)]
[JsonSerializable(typeof(Answer))]
[JsonSerializable(typeof(UploadReceipt))]
[JsonSerializable(typeof(DeletionReceipt))]
[JsonSerializable(typeof(QuestionReceipt))]
public sealed partial class AnswerJson : JsonSerializerContext;
