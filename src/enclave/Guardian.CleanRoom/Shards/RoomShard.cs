using System.Text.Json;
using Guardian.CleanRoom.Base;
using Guardian.CleanRoom.Contract;
using Guardian.CleanRoom.Data;
using Guardian.CleanRoom.Keys;
using Guardian.CleanRoom.Layout;
using Guardian.CleanRoom.Matching;
using Guardian.Refusals;

namespace Guardian.CleanRoom.Shards;

/// <summary>
/// An enclave of a room that computes on ranges of groups for the lead enclave. It has the room's key, like any enclave that the CAS's
/// session admits, and reads the encrypted versions from storage that the hosts share. The lead enclave gives it the key of each version,
/// so nobody can substitute an older one. It keeps no state. Thread-safe.
/// </summary>
public sealed class RoomShard : IDisposable
{
    private readonly RoomContract contract;
    private readonly RoomLayout layout;
    private readonly RoomKeys keys;
    private readonly string directory;
    private readonly WorkingSet workingSet;
    private readonly int threads;
    private readonly Lock gate = new();
    private readonly Dictionary<string, StoredVersion> versions = [];

    /// <param name="signed">The room's contract.</param>
    /// <param name="roomKey">32 bytes, from the CAS.</param>
    /// <param name="stateDirectory">The lead enclave's state folder, which may be read-only here.</param>
    /// <param name="workingSet">The memory for data.</param>
    public RoomShard(SignedContract signed, ReadOnlySpan<byte> roomKey, string stateDirectory, WorkingSet workingSet)
    {
        ArgumentNullException.ThrowIfNull(signed);
        ArgumentNullException.ThrowIfNull(workingSet);
        contract = signed.Contract;
        layout = RoomLayout.For(contract);
        keys = new RoomKeys(roomKey, contract.Hash.Span);
        directory = StateFolder.PathOf(stateDirectory, contract);
        this.workingSet = workingSet;
        threads = workingSet.ReserveThreads(MatchEngine.WorkingSize(layout, contract.DataSets));
    }

    /// <summary>The largest request in bytes.</summary>
    public static int MaxRequestSize => 1024 * 1024;

    /// <summary>Computes a request of the lead enclave.</summary>
    /// <param name="request">JSON; the caller has verified that it comes from an enclave of this room.</param>
    /// <returns>The reply in JSON, or the refusal of a malformed request.</returns>
    /// <exception cref="RefusedException">The host changed a stored group.</exception>
    public Outcome<byte[]> Run(ReadOnlySpan<byte> request)
    {
        if (TryRead(request, contract, layout) is not { } read)
        {
            return RoomReasons.BadRequest.Because("this is no request of an enclave of this room and release") with { Remedy = null };
        }
        lock (gate)
        {
            var sides = read.Sides.Select(side => new SidePlan(Open(side), side.Where, side.Cells)).ToList();
            var engine = new MatchEngine(layout, threads, read.Groups) { Across = read.Across };
            if (read.IsSketch)
            {
                var sketch = SketchLayout.For(contract.Privacy.MinimumAudience, contract.Privacy.Epsilon is null, layout.GroupCount);
                var sketches = engine.SketchCells(sides, read.Cells, sketch, keys.SketchKey());
                return JsonSerializer.SerializeToUtf8Bytes(new ShardReply([], sketches), ShardJson.Default.ShardReply);
            }
            return PaddedJson.Write(
                new ShardReply(engine.TotalCells(sides, read.Cells, read.Sums), []), ShardReply.WidestTotals(read.Cells, read.Sums),
                ShardJson.Default.ShardReply);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var version in versions.Values)
        {
            version.Dispose();
        }
        keys.Dispose();
    }

    /// <summary>Reads a request.</summary>
    /// <returns>Null when it is malformed, or names data that this room does not have.</returns>
    internal static ShardRequest? TryRead(ReadOnlySpan<byte> request, RoomContract contract, RoomLayout layout)
    {
        try
        {
            var read = JsonSerializer.Deserialize(request, ShardJson.Default.ShardRequest);
            return read is not null && IsValid(read, contract, layout) ? read : null;
        }
        // NotSupportedException: a condition without its kind.
        catch (Exception failure) when (failure is JsonException or NotSupportedException)
        {
            return null;
        }
    }

    private static bool IsValid(ShardRequest request, RoomContract contract, RoomLayout layout) =>
        request.Sides.Count is >= 1 and <= MatchEngine.MaxSides
        && request.Sides.All(side => side is not null && IsValid(side, contract))
        && request.Cells is >= 1 and <= MatchEngine.MaxCells
        && request.Groups.First >= 0 && request.Groups.First < request.Groups.End && request.Groups.End <= layout.GroupCount
        && request.Sums.Measures.Concat(request.Across?.Columns ?? []).All(measure =>
            measure is not null && Has(request.Sides.ElementAtOrDefault(measure.Side), measure.Column, contract))
        && (request.Across is not { } across
            || IsValid(across.Condition, column => column >= 0 && column < across.Columns.Count))
        && request.Sums.Products.All(pair => Math.Min(pair.First, pair.Second) >= 0
            && Math.Max(pair.First, pair.Second) < request.Sums.Measures.Count);

    private static bool IsValid(ShardSide side, RoomContract contract) =>
        UploadFolder.IsDigest(side.Version) && side.Key is { Length: RoomKeys.KeySize }
        && side.Where.All(condition => IsValid(condition, column => Has(side, column, contract)))
        && side.Cells.All(cell => cell is not null && cell.Stride >= 0 && cell.HashBits is >= 0 and <= ClusterCells.MostHashBits
            && Has(side, cell.Column, contract))
        && contract.FindDataSet(side.DataSet) is not null;

    private static bool IsValid(CodeCondition? condition, Func<int, bool> has) => condition switch
    {
        CodeRanges ranges => has(ranges.Column) && ranges.Ranges.All(range => range.First >= 1 && range.First <= range.Last),
        CodeAll all => all.Parts.All(part => IsValid(part, has)),
        CodeAny any => any.Parts.All(part => IsValid(part, has)),
        _ => false,
    };

    private static bool Has(ShardSide? side, int column, RoomContract contract) =>
        side is not null && contract.FindDataSet(side.DataSet) is { } dataSet && column >= 0 && column < dataSet.Columns.Count;

    // One version of each data set stays open: the last one used.
    private StoredVersion Open(ShardSide side)
    {
        if (versions.TryGetValue(side.DataSet, out var known))
        {
            if (known.Manifest.Version == side.Version)
            {
                return known;
            }
            known.Dispose();
            versions.Remove(side.DataSet);
        }
        var dataSet = contract.FindDataSet(side.DataSet)!;
        var cipher = ChunkCipher.ForStorage(side.Key, contract, dataSet, side.Version);
        var path = Path.Combine(directory, side.DataSet, $"{side.Version}.chunks");
        var manifest = new UploadManifest(side.DataSet, side.Version, "", 0, side.Key);
        return versions[side.DataSet] = new StoredVersion(dataSet, layout, manifest, cipher, path, workingSet);
    }
}
