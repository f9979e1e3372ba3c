using System.Text.Json;
using System.Text.Json.Serialization;
using Guardian.CleanRoom.Data;

namespace Guardian.CleanRoom.Room;

/// <summary>What a member sees of the room: <c>GET /v1/room</c>.</summary>
/// <param name="Room">The contract's name.</param>
/// <param name="ContractHash">SHA-256 of the contract, lower-case hex.</param>
/// <param name="Member">The member that asks, by its TLS key.</param>
/// <param name="Platform"><c>simulated</c> or <c>hardware</c>.</param>
/// <param name="DataSets">The data sets and the version each has now.</param>
/// <param name="Epc">The enclave page cache of the platform; null where the platform does not show it.</param>
public sealed record RoomDescription(
    string Room, string ContractHash, string Member, string Platform, IReadOnlyList<DataSetState> DataSets, EpcDescription? Epc)
{
    /// <summary>The enclaves that compute for this one; empty when it computes alone.</summary>
    public IReadOnlyList<ShardState> Shards { get; init; } = [];
}

/// <param name="RangesComputed">Ranges of groups that it computed since the lead enclave started.</param>
/// <param name="RangesFailed">Ranges that it did not, and that were computed elsewhere.</param>
public sealed record ShardState(string Address, long RangesComputed, long RangesFailed);

/// <param name="Version">Digest of the current version, lower-case hex; null before the first upload is complete.</param>
public sealed record DataSetState(string Name, string Owner, string? Version);

/// <summary>Pages of 4 KiB, by the names the guest driver gives them.</summary>
public sealed record EpcDescription(
    long Total, long Free, long Low, long High, long MarkedOld, long Evicted, long Allocated, long LoadedBack);

/// <summary>
/// What the owner of a data set needs to prepare it: <c>GET /v1/datasets/NAME/keys</c>. Given to the owner alone, over a
/// connection that ends inside the enclave.
/// </summary>
/// <param name="MatchKey">Key of the identifier tags, 32 bytes.</param>
/// <param name="UploadSecret">Secret from which the chunk key of each version is derived, 32 bytes.</param>
public sealed record DataSetKeys(byte[] MatchKey, byte[] UploadSecret);

/// <summary>Announces a version: <c>POST /v1/datasets/NAME/uploads</c>.</summary>
/// <param name="Digest"><see cref="VersionDigest"/>, lower-case hex.</param>
/// <param name="Rows">Rows in it, duplicates and empty identifiers already left out.</param>
public sealed record UploadRequest(string Digest, int Rows)
{
    /// <summary>What the chunks hold.</summary>
    public UploadForm Form { get; init; }

    /// <summary>Digest of the version that changes are for; null otherwise.</summary>
    public string? Base { get; init; }
}

/// <summary>How far an upload is: answer to the announcement and to every chunk.</summary>
/// <param name="NextChunk">Index of the first chunk that is not yet stored.</param>
public sealed record UploadState(string Digest, int NextChunk, int ChunkCount);

/// <summary>What answers cost and what is left: <c>GET /v1/budget</c>.</summary>
/// <param name="Epsilon">Price of an answer, for each data set that takes part; null in a room of exact figures, where answers cost nothing.</param>
/// <param name="NoiseMargin">95 % of all counts will be within this of the truth.</param>
public sealed record BudgetDescription(int MinimumAudience, double? Epsilon, double? NoiseMargin, IReadOnlyList<DataSetBudget> DataSets);

/// <param name="AnswersLeft">Answers that the rest pays for; null where they cost nothing.</param>
public sealed record DataSetBudget(string Name, double Total, double Spent, int? AnswersLeft);

/// <summary>The room's log: <c>GET /v1/log</c>.</summary>
/// <param name="Entries">From the first entry on.</param>
public sealed record LogPage(IReadOnlyList<LogLine> Entries);

/// <summary>One entry of the room's log as members read it.</summary>
/// <param name="Detail">JSON, exactly as it was hashed.</param>
/// <param name="PreviousHash">Hash of the entry before, lower-case hex; 64 zeros for the first.</param>
/// <param name="Hash">Hash of this entry, lower-case hex.</param>
public sealed record LogLine(long Sequence, DateTimeOffset Instant, string Member, string Event, string Detail, string PreviousHash, string Hash);

/// <summary>A refusal over HTTP: RFC 9457, <c>application/problem+json</c>.</summary>
/// <param name="Title">Stable word for programs: the reason.</param>
/// <param name="Detail">Sentence for people: what, where and how to mend it.</param>
public sealed record RoomProblem(string Title, int Status, string Detail);

/// <summary>Strict source-generated JSON of the room's protocol.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Strict, PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UseStringEnumConverter = true)]
[JsonSerializable(typeof(RoomDescription))]
[JsonSerializable(typeof(DataSetKeys))]
[JsonSerializable(typeof(UploadRequest))]
[JsonSerializable(typeof(UploadState))]
[JsonSerializable(typeof(LogPage))]
[JsonSerializable(typeof(BudgetDescription))]
[JsonSerializable(typeof(RoomProblem))]
public sealed partial class RoomJson : JsonSerializerContext;
