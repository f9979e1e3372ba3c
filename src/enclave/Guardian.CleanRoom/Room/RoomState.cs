using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Guardian.CleanRoom.Analyses;
using Guardian.CleanRoom.Base;
using Guardian.CleanRoom.Contract;
using Guardian.CleanRoom.Data;
using Guardian.CleanRoom.Keys;
using Guardian.CleanRoom.Layout;
using Guardian.CleanRoom.Log;
using Guardian.CleanRoom.Matching;
using Guardian.CleanRoom.Privacy;
using Guardian.CleanRoom.Programs;
using Guardian.CleanRoom.Shards;
using Guardian.Files.Durable;
using Guardian.Refusals;

namespace Guardian.CleanRoom.Room;

/// <summary>The state of an open room: log, data sets, budgets and answers. All parts but the guard are thread-safe.</summary>
internal sealed class RoomState : IDisposable
{
    private readonly StateCipher cipher;

    private RoomState(
        SignedContract signed, RoomLayout layout, RoomEnclave enclave, RoomKeys keys, StateCipher cipher, RoomLog log,
        IReadOnlyDictionary<string, UploadStore> stores, AnswerStore answers, MatchEngines engines, LinkedVersions links,
        RoomPrograms programs)
    {
        Links = links;
        Programs = programs;
        this.cipher = cipher;
        var contract = signed.Contract;
        (Contract, Layout, Enclave, Keys, Log, Stores, Answers, Engines) = (contract, layout, enclave, keys, log, stores, answers, engines);
        Committed = CommittedVersions.From(log.Entries);
        Ledger = Ledger.From(contract, signed.Previous, log.Entries);
        Sketch = SketchLayout.For(contract.Privacy.MinimumAudience, contract.Privacy.Epsilon is null, layout.GroupCount);
        Guard = new DifferenceGuard(
            contract.Privacy.MinimumAudience, keys.GuardKey(), contract.Privacy.Epsilon is null ? Sketch.WordCount : null);
        var recorded = new RecordedSets(contract);
        Guard.Remember(answers.Records.SelectMany(record => recorded.Complete(record.Question, record.Versions, record.Sets)));
    }

    public RoomContract Contract { get; }

    public RoomLayout Layout { get; }

    public RoomEnclave Enclave { get; }

    public RoomKeys Keys { get; }

    public RoomLog Log { get; }

    /// <summary>The store of each data set, by name.</summary>
    public IReadOnlyDictionary<string, UploadStore> Stores { get; }

    public CommittedVersions Committed { get; }

    public Ledger Ledger { get; }

    public AnswerStore Answers { get; }

    /// <summary>The sets of all answers; to be used with <see cref="Analysis"/> held.</summary>
    public DifferenceGuard Guard { get; }

    /// <summary>The layout of the sketches of sets.</summary>
    public SketchLayout Sketch { get; }

    public MatchEngines Engines { get; }

    /// <summary>The programs of the contract.</summary>
    public RoomPrograms Programs { get; }

    /// <summary>The versions as questions use them; to be used with <see cref="Analysis"/> held.</summary>
    public LinkedVersions Links { get; }

    /// <summary>
    /// Held during an analysis, a commit or a deletion: an analysis uses all processors and needs stable versions, and a commit replaces a
    /// version and uses the memory of analyses.
    /// </summary>
    public Lock Analysis { get; } = new();

    /// <summary>SHA-256 of the contract, lower-case hex.</summary>
    public string Hash => Convert.ToHexStringLower(Contract.Hash.Span);

    /// <summary>Opens a room on its state folder. A new room writes a log entry when it succeeds another.</summary>
    /// <param name="signed">The contract.</param>
    /// <param name="roomKey">32 bytes, from the CAS.</param>
    /// <param name="stateDirectory">On the untrusted disk; created when missing. Each contract has a folder of its own in it.</param>
    /// <param name="enclave">The enclave.</param>
    /// <param name="time">The clock.</param>
    /// <exception cref="RefusedException">The host changed or rolled back the files, or the head of the log cannot be reached.</exception>
    public static RoomState Open(
        SignedContract signed, ReadOnlySpan<byte> roomKey, string stateDirectory, RoomEnclave enclave, TimeProvider time)
    {
        var (contract, layout) = (signed.Contract, RoomLayout.For(signed.Contract));
        var directory = StateFolder.PathOf(stateDirectory, contract);
        var keys = new RoomKeys(roomKey, contract.Hash.Span);
        var cipher = new StateCipher(keys.StateKey(), contract.Hash);
        RoomLog? log = null;
        RoomPrograms? programs = null;
        var stores = new Dictionary<string, UploadStore>();
        try
        {
            // Step 1: the log. A new room that succeeds another begins with the old room's head and spent budgets.
            StateFolder.Require(directory);
            var before = signed.Previous is null
                ? null
                : new Lazy<HandOverStatement>(() => RequireHandOver(signed, enclave, time));
            log = RoomLog.Open(
                DurableFile.Open(Path.Combine(directory, StateFolder.LogName)), cipher, time, enclave.Head,
                before is null ? null : () => Convert.FromHexString(before.Value.LogHash));
            var table = VersionTable.Open(contract, keys, enclave.KeySecret, directory, isNew: log.Entries.Count == 0);
            if (before is not null && log.Entries.Count == 0)
            {
                log.Append("room", LogEvents.Succession, LogChain.SuccessionOf(before.Value));
            }

            // Step 2: the buffers of threads. Data sets share the rest of the memory.
            var threads = enclave.WorkingSet.ReserveThreads(MatchEngine.WorkingSize(layout, contract.DataSets));
            programs = RoomPrograms.Open(contract, enclave.Programs, threads);
            foreach (var dataSet in contract.DataSets)
            {
                stores[dataSet.Name] = UploadStore.Open(contract, dataSet.Keyed(), layout, keys, table, enclave.WorkingSet, directory);
            }

            // Step 3: the answers that the log names.
            var answers = new AnswerStore(Path.Combine(directory, "answers"), cipher, log.Entries);
            var engines = new MatchEngines(layout, threads, enclave.Shards, time);
            var links = new LinkedVersions(contract, layout, keys, enclave.WorkingSet, directory);
            return new RoomState(signed, layout, enclave, keys, cipher, log, stores, answers, engines, links, programs);
        }
        catch
        {
            programs?.Dispose();
            DisposeAll(stores.Values, log, cipher, keys);
            throw;
        }
    }

    /// <summary>
    /// Finds the current version of a data set; null when there is none. Only the log decides which version is current: an older folder or
    /// an interrupted commit does not.
    /// </summary>
    public DataVersion? FindVersion(string dataSet) =>
        Stores[dataSet].Current is { } version && Committed.Find(dataSet) == version.Version ? version : null;

    /// <summary>
    /// Hash of the contract to which the room was handed over, lower-case hex; null while it is open. Only the log decides, of which a
    /// hand-over is the last entry, so a restart or an older copy of the folder changes nothing.
    /// </summary>
    public string? Successor => Log.Last is { Event: LogEvents.HandOver } entry
        ? JsonSerializer.Deserialize(entry.Detail, RoomLogJson.Default.HandOverDetail)!.Successor
        : null;

    /// <summary>The refusal of a room that was handed over; null while it is open.</summary>
    public Refusal? FindClosed() => Successor is { } successor
        ? RoomReasons.HandedOver.Because($"this room was handed over to the contract {successor}, and answers nothing more")
        : null;

    /// <summary>Appends an entry to the log.</summary>
    /// <exception cref="RefusedException">Another enclave has continued with this room, or the head cannot be reached.</exception>
    public LogLine Append<T>(RoomMember member, string what, T detail, JsonTypeInfo<T> type) =>
        Log.Append(member.Name, what, JsonSerializer.Serialize(detail, type));

    /// <summary>Signs a statement.</summary>
    /// <param name="payload">The payload.</param>
    /// <param name="type">Its JSON.</param>
    /// <param name="statementType">The JWS type.</param>
    public byte[] Sign<T>(T payload, JsonTypeInfo<T> type, string statementType) =>
        Enclave.Statements.Sign(JsonSerializer.SerializeToUtf8Bytes(payload, type), statementType);

    /// <inheritdoc/>
    public void Dispose()
    {
        Links.Dispose();
        Programs.Dispose();
        DisposeAll(Stores.Values, Log, cipher, Keys);
    }

    private static HandOverStatement RequireHandOver(SignedContract signed, RoomEnclave enclave, TimeProvider time)
    {
        if (enclave.HandOver?.Read() is not { } statement)
        {
            throw new RefusedException(RoomReasons.NoHandOver.Because(
                $"version {signed.Contract.Version} of '{signed.Contract.Name}' begins with the budget that was spent before, "
                + "and the old room's hand-over is missing"));
        }
        var (handOver, refusal) = HandOver.Verify(
            statement, signed.Previous!, signed.Contract, time.GetUtcNow(), enclave.HandOver.Verifier);
        return handOver ?? throw new RefusedException(refusal!);
    }

    private static void DisposeAll(IEnumerable<UploadStore> stores, RoomLog? log, StateCipher cipher, RoomKeys keys)
    {
        foreach (var store in stores)
        {
            store.Dispose();
        }
        log?.Dispose();
        cipher.Dispose();
        keys.Dispose();
    }
}
