using System.Text.Json;
using System.Text.Json.Serialization;

namespace Guardian.CleanRoom.Analyses;

/// <summary>Confirms that a version is complete: the payload of a signed statement of type <see cref="StatementType"/>.</summary>
/// <param name="Room">The room's name.</param>
/// <param name="ContractHash">SHA-256 of the contract, lower-case hex.</param>
/// <param name="Member">The owner.</param>
/// <param name="Instant">Instant of the receipt.</param>
/// <param name="DataSet">The data set.</param>
/// <param name="Version">Public name of the version, as the log and answers show it, lower-case hex.</param>
/// <param name="Digest">Digest of the version, lower-case hex. Only this receipt connects both.</param>
/// <param name="Rows">Persons in it.</param>
/// <param name="LogHash">Hash of the log's newest entry, lower-case hex.</param>
public sealed record UploadReceipt(
    string Room, string ContractHash, string Member, DateTimeOffset Instant, string DataSet, string Version, string Digest, int Rows,
    string LogHash)
{
    /// <summary>JWS type of the statement.</summary>
    public const string StatementType = "guardian-room-upload+jws";

    /// <summary>Digest of the version that the upload changed; null when the upload had all persons.</summary>
    public string? Base { get; init; }

    /// <summary>Cells of the owner's file that are no value of their column and count as empty, as the owner's client announced.</summary>
    public int InvalidCells { get; init; }

    /// <summary>Digest of the upload, when the enclave made the version from it; null when the upload is the version.</summary>
    public string? Upload { get; init; }
}

/// <summary>Confirms that a data set was deleted: the payload of a signed statement of type <see cref="StatementType"/>.</summary>
/// <param name="Room">The room's name.</param>
/// <param name="ContractHash">SHA-256 of the contract, lower-case hex.</param>
/// <param name="Member">The owner.</param>
/// <param name="Instant">Instant of the log's entry.</param>
/// <param name="DataSet">The data set.</param>
/// <param name="Version">Public name of the deleted version, lower-case hex.</param>
/// <param name="Digest">Digest of the deleted version, lower-case hex.</param>
/// <param name="LogHash">Hash of the log's entry, lower-case hex.</param>
public sealed record DeletionReceipt(
    string Room, string ContractHash, string Member, DateTimeOffset Instant, string DataSet, string Version, string Digest,
    string LogHash)
{
    /// <summary>JWS type of the statement.</summary>
    public const string StatementType = "guardian-room-deletion+jws";
}

/// <summary>
/// Confirms a question to a member who may ask but not read answers: the payload of a signed statement of type <see cref="StatementType"/>.
/// </summary>
/// <param name="Room">The room's name.</param>
/// <param name="ContractHash">SHA-256 of the contract, lower-case hex.</param>
/// <param name="Member">The member who asked.</param>
/// <param name="Instant">Instant of the log's entry.</param>
/// <param name="Question">The question.</param>
/// <param name="Asked">Sequence of the log's entry, with which receivers find the answer.</param>
/// <param name="LogHash">Hash of the log's entry, lower-case hex.</param>
public sealed record QuestionReceipt(
    string Room, string ContractHash, string Member, DateTimeOffset Instant, Question Question, long Asked, string LogHash)
{
    /// <summary>JWS type of the statement.</summary>
    public const string StatementType = "guardian-room-question+jws";
}

/// <summary>
/// Hands a room over to the contract that succeeds its own: the payload of a signed statement of type <see cref="StatementType"/>. From
/// then on, the old room answers no question and takes no data.
/// </summary>
/// <param name="Room">The room's name.</param>
/// <param name="ContractHash">SHA-256 of the old contract, lower-case hex.</param>
/// <param name="Successor">SHA-256 of the contract that succeeds it, lower-case hex.</param>
/// <param name="Instant">Instant of the log's entry.</param>
/// <param name="Spent">Epsilon spent, by name of the data set.</param>
/// <param name="Entries">Entries of the old log, with the one about the hand-over.</param>
/// <param name="LogHash">Hash of the log's entry about the hand-over, its last, lower-case hex.</param>
public sealed record HandOverStatement(
    string Room, string ContractHash, string Successor, DateTimeOffset Instant, IReadOnlyDictionary<string, decimal> Spent, long Entries,
    string LogHash)
{
    /// <summary>JWS type of the statement.</summary>
    public const string StatementType = "guardian-room-handover+jws";
}

/// <summary>Strict source-generated JSON of the statements that leave a room.</summary>
[JsonSourceGenerationOptions(
    JsonSerializerDefaults.Strict, PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UseStringEnumConverter = true,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, RespectRequiredConstructorParameters = false)]
[JsonSerializable(typeof(Answer))]
[JsonSerializable(typeof(UploadReceipt))]
[JsonSerializable(typeof(DeletionReceipt))]
[JsonSerializable(typeof(QuestionReceipt))]
[JsonSerializable(typeof(HandOverStatement))]
public sealed partial class AnswerJson : JsonSerializerContext;
