using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Guardian.Attestation.Statements;
using Guardian.CleanRoom.Analyses;
using Guardian.CleanRoom.Contract;
using Guardian.CleanRoom.Data;
using Guardian.CleanRoom.Log;
using Guardian.CleanRoom.Matching;
using Guardian.CleanRoom.Matching.Shards;
using Guardian.CleanRoom.Privacy;
using Guardian.Files.Durable;
using Guardian.Sgx;
using Guardian.Sgx.Epc;

namespace Guardian.CleanRoom.Room;

/// <summary>What the room needs to know of the enclave it runs in.</summary>
/// <param name="ReadEpcCounters">Counters of the EPC; null where the platform does not show them.</param>
/// <param name="Statements">Signs what leaves; bound to the contract's hash.</param>
public sealed record RoomEnclave(PlatformKind Platform, Func<EpcCounters?> ReadEpcCounters, StatementSigner Statements)
{
    /// <summary>The memory for data.</summary>
    public WorkingSet WorkingSet { get; init; } = WorkingSet.Default();

    /// <summary>Keeps the head of the log; null where nothing guards against an older copy of the room's folder.</summary>
    public IRoomHead? Head { get; init; }

    /// <summary>Where noise comes from.</summary>
    public IRandomIntegers Random { get; init; } = new SecureRandomIntegers();

    /// <summary>Other enclaves of this room that compute for this one.</summary>
    public IReadOnlyList<IShard> Shards { get; init; } = [];
}

/// <summary>
/// A room at work: takes uploads, answers questions, keeps the log. Every refusal is a result that says what, where and how to mend
/// it. Thread-safe.
/// </summary>
public sealed partial class RoomService : IDisposable
{
    private readonly RoomContract contract;
    private readonly RoomLayout layout;
    private readonly RoomKeys keys;
    private readonly StateCipher state;
    private readonly RoomEnclave enclave;
    private readonly TimeProvider time;
    private readonly RoomLog log;
    private readonly Dictionary<string, UploadStore> stores;
    private readonly QuestionCompiler compiler;
    private readonly DisclosureRules rules;
    private readonly DifferenceGuard guard;
    private readonly Ledger ledger;
    private readonly AnswerStore answers;
    private readonly int threads;
    private readonly RoomShards? shards;

    // Digest of the version that counts, by data set, as the log has it.
    private readonly Dictionary<string, string> committed;

    // One analysis at a time, on versions that stay: each uses all processors, and a commit replaces a file.
    private readonly Lock versions = new();

    /// <summary>Opens a room on its state folder.</summary>
    /// <param name="roomKey">32 bytes, from the CAS.</param>
    /// <param name="stateDirectory">On the untrusted disk; made at first use. Each contract has a folder of its own in it.</param>
    /// <exception cref="RoomStateException">The host changed what is there, or brought back an older copy.</exception>
    /// <exception cref="RoomHeadException">The head of the log cannot be reached.</exception>
    public RoomService(SignedContract signed, ReadOnlySpan<byte> roomKey, string stateDirectory, RoomEnclave enclave, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(signed);
        ArgumentNullException.ThrowIfNull(enclave);
        contract = signed.Contract;
        this.enclave = enclave;
        this.time = time;
        layout = RoomLayout.For(contract);
        keys = new RoomKeys(roomKey, contract.Hash.Span);
        state = new StateCipher(keys.StateKey(), contract.Hash);
        var directory = FolderOf(stateDirectory, contract);
        var isFirst = !Directory.Exists(directory);
        var before = isFirst && signed.Previous is { } previous ? Predecessor.Read(previous, roomKey, FolderOf(stateDirectory, previous), enclave.Head, time) : null;
        DurableFile.CreateDirectory(directory);
        log = RoomLog.Open(Path.Combine(directory, "log"), state, time, enclave.Head, before?.Head);
        if (before is not null)
        {
            log.Append("room", LogEvents.Succession, JsonSerializer.Serialize(before.Detail, RoomLogJson.Default.SuccessionDetail));
        }
        threads = enclave.WorkingSet.ReserveThreads(MatchEngine.WorkingSize(layout, contract.DataSets));
        shards = enclave.Shards.Count > 0 ? new RoomShards(layout, enclave.Shards) : null;
        stores = contract.DataSets.ToDictionary(dataSet => dataSet.Name, dataSet => UploadStore.Open(contract, dataSet, layout, keys, state, enclave.WorkingSet, directory, shards));
        committed = ReadCommitted(log.Entries);
        compiler = new QuestionCompiler(contract);
        rules = new DisclosureRules(contract.Privacy, enclave.Random);
        ledger = Ledger.From(contract, log.Entries);
        answers = new AnswerStore(Path.Combine(directory, "answers"), state, log.Entries);
        guard = new DifferenceGuard(contract.Privacy.MinimumAudience, keys.GuardKey());
        guard.Remember(answers.Records.SelectMany(record => record.Sets));
    }

    /// <summary>Bytes of the largest chunk of any data set.</summary>
    public int MaxChunkSize => contract.DataSets.Max(dataSet => Math.Max(layout.GroupSize(dataSet), layout.GroupSize(dataSet.InForm(UploadForm.Changes)))) + ChunkCipher.TagSize;

    /// <summary>The member with that key, or null.</summary>
    /// <param name="subjectPublicKeyInfo">DER, as TLS proved it.</param>
    public RoomMember? FindMember(ReadOnlySpan<byte> subjectPublicKeyInfo)
    {
        var key = Convert.ToBase64String(subjectPublicKeyInfo);
        return contract.Members.FirstOrDefault(member => member.PublicKey == key);
    }

    /// <summary>What a member sees of the room.</summary>
    public Outcome<RoomDescription> Describe(RoomMember member)
    {
        ArgumentNullException.ThrowIfNull(member);
        var epc = enclave.ReadEpcCounters() is { } pages
            ? new EpcDescription(pages.Total, pages.Free, pages.Low, pages.High, pages.MarkedOld, pages.Evicted, pages.Allocated, pages.LoadedBack)
            : null;
        return new RoomDescription(
            contract.Name, Hash, member.Name, enclave.Platform == PlatformKind.Simulated ? "simulated" : "hardware",
            [.. contract.DataSets.Select(dataSet => new DataSetState(dataSet.Name, dataSet.Owner, FindVersion(dataSet.Name)?.Digest))], epc)
        {
            Shards = shards?.States ?? [],
        };
    }

    /// <summary>The whole log.</summary>
    public Outcome<LogPage> ReadLog() => new LogPage(log.Entries);

    /// <summary>The keys with which its owner prepares a data set.</summary>
    public Outcome<DataSetKeys> ReadKeys(RoomMember member, string dataSet) =>
        FindOwned(member, dataSet, out var refusal) is null ? refusal! : new DataSetKeys(keys.MatchKey(), keys.UploadSecret(dataSet));

    /// <summary>Announces a version of an owner's data set, or finds the upload again.</summary>
    public Outcome<UploadState> BeginUpload(RoomMember member, string dataSet, UploadRequest request) =>
        FindOwned(member, dataSet, out var refusal) is { } store ? store.Begin(request) : refusal!;

    /// <summary>Checks and stores a chunk; when this returns a state, the chunk is on disk.</summary>
    public Outcome<UploadState> PutChunk(RoomMember member, string dataSet, string digest, int index, ReadOnlySpan<byte> chunk) =>
        FindOwned(member, dataSet, out var refusal) is { } store ? store.Put(digest, index, chunk) : refusal!;

    /// <summary>Makes a complete upload the data set's version.</summary>
    /// <returns>A signed <see cref="UploadReceipt"/>.</returns>
    public Outcome<byte[]> Commit(RoomMember member, string dataSet, string digest)
    {
        if (FindOwned(member, dataSet, out var refusal) is not { } store)
        {
            return refusal!;
        }
        lock (versions)
        {
            // Logged first: no version may count that the log does not know.
            var version = store.Commit(digest, complete => Log(member, LogEvents.Upload, new UploadDetail(dataSet, complete.Digest, complete.Rows, complete.Base, complete.Upload), RoomLogJson.Default.UploadDetail));
            if (version.Refusal is not null)
            {
                return version.Refusal;
            }
            var (name, rows) = (version.Value!.Digest, version.Value.Rows);
            committed[dataSet] = name;
            var receipt = new UploadReceipt(contract.Name, Hash, member.Name, time.GetUtcNow(), dataSet, name, rows, log.Entries[^1].Hash)
            {
                Base = version.Value.Base,
                Upload = version.Value.Upload,
            };
            return enclave.Statements.Sign(JsonSerializer.SerializeToUtf8Bytes(receipt, AnswerJson.Default.UploadReceipt), UploadReceipt.StatementType);
        }
    }

    /// <summary>Deletes an owner's data set. What answers cost its persons stays spent, and the log stays.</summary>
    /// <returns>A signed <see cref="DeletionReceipt"/>.</returns>
    public Outcome<byte[]> Delete(RoomMember member, string dataSet)
    {
        if (FindOwned(member, dataSet, out var refusal) is not { } store)
        {
            return refusal!;
        }
        lock (versions)
        {
            LogLine? entry = null;
            var deleted = store.Delete(digest => entry = Log(member, LogEvents.Deletion, new DeletionDetail(dataSet, digest), RoomLogJson.Default.DeletionDetail));
            if (deleted.Refusal is not null)
            {
                return deleted.Refusal;
            }
            committed.Remove(dataSet);
            var receipt = new DeletionReceipt(contract.Name, Hash, member.Name, entry!.Instant, dataSet, deleted.Value!, entry.Hash);
            return enclave.Statements.Sign(JsonSerializer.SerializeToUtf8Bytes(receipt, AnswerJson.Default.DeletionReceipt), DeletionReceipt.StatementType);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var store in stores.Values)
        {
            store.Dispose();
        }
        log.Dispose();
        state.Dispose();
        keys.Dispose();
    }

    private string Hash => Convert.ToHexStringLower(contract.Hash.Span);

    private static Dictionary<string, string> ReadCommitted(IEnumerable<LogLine> entries)
    {
        var found = new Dictionary<string, string>();
        foreach (var entry in entries)
        {
            if (entry.Event == LogEvents.Upload)
            {
                var detail = JsonSerializer.Deserialize(entry.Detail, RoomLogJson.Default.UploadDetail)!;
                found[detail.DataSet] = detail.Digest;
            }
            else if (entry.Event == LogEvents.Deletion)
            {
                found.Remove(JsonSerializer.Deserialize(entry.Detail, RoomLogJson.Default.DeletionDetail)!.DataSet);
            }
        }
        return found;
    }

    /// <summary>Where the state of a room with this contract lies.</summary>
    internal static string FolderOf(string stateDirectory, RoomContract contract) =>
        Path.Combine(stateDirectory, Convert.ToHexStringLower(contract.Hash.Span[..8]));

    private UploadStore? FindOwned(RoomMember member, string name, out RoomRefusal? refusal)
    {
        var dataSet = contract.FindDataSet(name);
        refusal = dataSet is null
            ? new RoomRefusal(RefusalKind.NotFound, "no-dataset", $"the contract has no data set '{name}'; it has {string.Join(", ", contract.DataSets.Select(each => each.Name))}")
            : dataSet.Owner != member.Name
                ? new RoomRefusal(RefusalKind.Forbidden, "not-the-owner", $"'{name}' is {dataSet.Owner}'s; {member.Name} may not upload it")
                : null;
        return refusal is null ? stores[name] : null;
    }

    private LogLine Log<T>(RoomMember member, string what, T detail, JsonTypeInfo<T> type) =>
        log.Append(member.Name, what, JsonSerializer.Serialize(detail, type));
}
