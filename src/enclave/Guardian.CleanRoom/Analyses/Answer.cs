using System.Text.Json.Serialization;

namespace Guardian.CleanRoom.Analyses;

/// <summary>The origin of an answer: the room, the question, the data and the rules.</summary>
public record AnswerProvenance
{
    /// <summary>The room's name.</summary>
    public required string Room { get; init; }

    /// <summary>SHA-256 of the contract, lower-case hex; the same as in the quote.</summary>
    public required string ContractHash { get; init; }

    /// <summary>Version of the contract.</summary>
    public required int ContractVersion { get; init; }

    /// <summary>The member who asked.</summary>
    public required string Member { get; init; }

    /// <summary>Instant of the log's entry about the question.</summary>
    public required DateTimeOffset Instant { get; init; }

    /// <summary>The question.</summary>
    public required Question Question { get; init; }

    /// <summary>Public name of the version of each data set that took part, by data set.</summary>
    public required IReadOnlyDictionary<string, string> DataVersions { get; init; }

    /// <summary>The least number of persons of a reported set.</summary>
    public required int MinimumAudience { get; init; }

    /// <summary>The price that each of these data sets paid; null for exact figures, as the members agreed.</summary>
    public decimal? Epsilon { get; init; }

    /// <summary>95 % of all counts are within this of the truth; null for exact figures.</summary>
    public long? NoiseMargin { get; init; }

    /// <summary>Hash of the log's entry about the question, lower-case hex.</summary>
    public required string LogHash { get; init; }
}

/// <summary>An answer as it leaves the room: the payload of a signed statement of type <see cref="StatementType"/>.</summary>
/// <remarks>Its JSON is flat (docs/spec/room.md): the provenance, and one member named after the kind of result.</remarks>
[JsonConverter(typeof(AnswerConverter))]
public sealed record Answer : AnswerProvenance
{
    /// <summary>JWS type of the statement.</summary>
    public const string StatementType = "guardian-room-answer+jws";

    /// <summary>Makes an answer.</summary>
    /// <param name="provenance">Its origin.</param>
    /// <param name="body">Its result.</param>
    [System.Diagnostics.CodeAnalysis.SetsRequiredMembers]
    public Answer(AnswerProvenance provenance, AnswerBody body) : base(provenance) => Body = body;

    /// <summary>The result.</summary>
    public AnswerBody Body { get; }
}
