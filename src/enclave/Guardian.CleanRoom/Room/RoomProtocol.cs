using System.Text.Json;
using System.Text.Json.Serialization;
using Guardian.CleanRoom.Data;
using Guardian.CleanRoom.Log;
using Guardian.CleanRoom.Shards;
using Guardian.Refusals;

namespace Guardian.CleanRoom.Room;

/// <summary>A member's view of the room: <c>GET /v1/room</c>.</summary>
/// <param name="Room">The contract's name.</param>
/// <param name="ContractHash">SHA-256 of the contract, lower-case hex.</param>
/// <param name="Member">The member that asks, by its TLS key.</param>
/// <param name="Platform"><c>simulated</c> or <c>hardware</c>.</param>
/// <param name="DataSets">The data sets and the current version of each.</param>
/// <param name="Epc">The enclave page cache of the platform; null where the platform does not show it.</param>
public sealed record RoomDescription(
    string Room, string ContractHash, string Member, string Platform, IReadOnlyList<DataSetState> DataSets, EpcDescription? Epc)
{
    /// <summary>The enclaves that compute for this one; empty when it computes alone.</summary>
    public IReadOnlyList<ShardState> Shards { get; init; } = [];

    /// <summary>Makes the widest description of the same data sets: its size must not tell numbers of rows.</summary>
    /// <returns>A description to compute sizes with.</returns>
    public RoomDescription ToWidest() => this with
    {
        DataSets = [.. DataSets.Select(each => each.Rows is null ? each : each with { Rows = int.MinValue })],
    };
}

/// <summary>A data set of the room.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Owner">The member who owns it.</param>
/// <param name="Version">Public name of the current version, lower-case hex; null before the first upload is complete.</param>
public sealed record DataSetState(string Name, string Owner, string? Version)
{
    /// <summary>Digest of the current version, lower-case hex; null for all members but the owner.</summary>
    public string? Digest { get; init; }

    /// <summary>Persons in the current version; null for all members but the owner.</summary>
    public int? Rows { get; init; }
}

/// <summary>Pages of 4 KiB, by the names that the guest driver gives them.</summary>
public sealed record EpcDescription(
    long Total, long Free, long Low, long High, long MarkedOld, long Evicted, long Allocated, long LoadedBack);

/// <summary>
/// The keys with which an owner prepares a data set: <c>GET /v1/datasets/NAME/keys</c>. Only the owner gets them, over a connection that
/// ends inside the enclave.
/// </summary>
/// <param name="MatchKey">Key of the identifier tags, 32 bytes.</param>
/// <param name="UploadSecret">Secret from which the chunk key of each version is derived, 32 bytes.</param>
public sealed record DataSetKeys(byte[] MatchKey, byte[] UploadSecret);

/// <summary>The price of answers and the rest of the budgets: <c>GET /v1/budget</c>.</summary>
/// <param name="MinimumAudience">The least number of persons of a reported set.</param>
/// <param name="Epsilon">Price of an answer for each data set that takes part; null in a room of exact figures, where answers are
/// free.</param>
/// <param name="NoiseMargin">95 % of all counts will be within this of the truth.</param>
/// <param name="DataSets">The budget of each data set.</param>
/// <param name="LiftEpsilon">Price of a lift measurement; null where there is none, or figures are exact.</param>
/// <param name="Members">The shares of members in these budgets; null where the contract limits none, or figures are exact.</param>
public sealed record BudgetDescription(
    int MinimumAudience, decimal? Epsilon, double? NoiseMargin, IReadOnlyList<DataSetBudget> DataSets, decimal? LiftEpsilon = null,
    IReadOnlyList<MemberBudget>? Members = null);

/// <summary>The budget of a data set.</summary>
/// <param name="Name">The data set.</param>
/// <param name="Total">The whole budget.</param>
/// <param name="Spent">The spent part.</param>
/// <param name="AnswersLeft">Answers other than lift that the rest pays for; null where they are free.</param>
public sealed record DataSetBudget(string Name, decimal Total, decimal Spent, int? AnswersLeft);

/// <summary>The room's log: <c>GET /v1/log</c>.</summary>
/// <param name="Entries">All entries, in order.</param>
public sealed record LogPage(IReadOnlyList<LogLine> Entries);

/// <summary>A refusal over HTTP: RFC 9457, <c>application/problem+json</c>.</summary>
/// <param name="Title">The code of the reason, for programs.</param>
/// <param name="Status">The HTTP status.</param>
/// <param name="Detail">The problem and how to fix it, for people.</param>
public sealed record RoomProblem(string Title, int Status, string Detail)
{
    /// <summary>Writes a refusal as a problem.</summary>
    /// <param name="refusal">The refusal.</param>
    /// <param name="status">The HTTP status of its kind.</param>
    public static RoomProblem Of(Refusal refusal, int status)
    {
        ArgumentNullException.ThrowIfNull(refusal);
        return new RoomProblem(refusal.Code, status, refusal.Remedy is { } remedy ? $"{refusal.Detail}; {remedy}" : refusal.Detail);
    }
}

/// <summary>Strict source-generated JSON of the room's protocol.</summary>
[JsonSourceGenerationOptions(
    JsonSerializerDefaults.Strict, PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UseStringEnumConverter = true)]
[JsonSerializable(typeof(RoomDescription))]
[JsonSerializable(typeof(DataSetKeys))]
[JsonSerializable(typeof(SuccessorRequest))]
[JsonSerializable(typeof(UploadRequest))]
[JsonSerializable(typeof(UploadState))]
[JsonSerializable(typeof(LogPage))]
[JsonSerializable(typeof(BudgetDescription))]
[JsonSerializable(typeof(RoomProblem))]
public sealed partial class RoomJson : JsonSerializerContext;
