using Guardian.Attestation.Statements;
using Guardian.CleanRoom.Base;
using Guardian.CleanRoom.Privacy;
using Guardian.CleanRoom.Shards;
using Guardian.Sgx;

namespace Guardian.CleanRoom.Room;

/// <summary>The enclave in which a room runs.</summary>
/// <param name="Platform">The kind of platform.</param>
/// <param name="ReadEpcCounters">Reads the counters of the EPC; null where the platform does not show them.</param>
/// <param name="Statements">Signs statements; bound to the contract's hash.</param>
public sealed record RoomEnclave(PlatformKind Platform, Func<EpcCounters?> ReadEpcCounters, StatementSigner Statements)
{
    /// <summary>The memory for data.</summary>
    public WorkingSet WorkingSet { get; init; } = WorkingSet.Default();

    /// <summary>Keeps the head of the log.</summary>
    public required IRoomTag Head { get; init; }

    /// <summary>Keeps the secret that wraps the keys of data.</summary>
    public required IRoomTag KeySecret { get; init; }

    /// <summary>The hand-over of the room under the contract before; null where there is none.</summary>
    public HandOverSource? HandOver { get; init; }

    /// <summary>The modules of the contract's programs, by name; the host may have given any bytes.</summary>
    public IReadOnlyDictionary<string, byte[]> Programs { get; init; } = new Dictionary<string, byte[]>();

    /// <summary>The source of noise.</summary>
    internal IRandomBytes Random { get; init; } = new SecureRandomBytes();

    /// <summary>Finds the other enclaves of this room that compute for this one now; null where it computes alone.</summary>
    public Func<IReadOnlyList<IShard>>? Shards { get; init; }
}
