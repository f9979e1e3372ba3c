using System.Text.Json;
using System.Text.Json.Serialization;
using Guardian.Attestation;
using Guardian.Sgx;

namespace Guardian.CleanRoom;

/// <summary>What the room needs to know of the enclave it runs in.</summary>
/// <param name="ReadEpcCounters">Counters of the EPC; null where the platform does not show them.</param>
/// <param name="Statements">Signs what leaves; bound to the contract's hash.</param>
public sealed record RoomEnclave(PlatformKind Platform, Func<EpcCounters?> ReadEpcCounters, StatementSigner Statements)
{
    /// <summary>The memory for data.</summary>
    public WorkingSet WorkingSet { get; init; } = WorkingSet.Default();
}

/// <summary>
/// A room at work: takes uploads, answers questions, keeps the log. Every refusal is a result that says what, where and how to mend
/// it. Thread-safe.
/// </summary>
public sealed class RoomService : IDisposable
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
    private readonly Analyst analyst;

    // One analysis at a time, on versions that stay: each uses all processors, and a commit replaces a file.
    private readonly Lock versions = new();

    /// <summary>Opens a room on its state folder.</summary>
    /// <param name="roomKey">32 bytes, from the CAS.</param>
    /// <param name="stateDirectory">On the untrusted disk; made at first use.</param>
    /// <exception cref="RoomStateException">The host changed what is there.</exception>
    public RoomService(SignedContract signed, ReadOnlySpan<byte> roomKey, string stateDirectory, RoomEnclave enclave, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(signed);
        contract = signed.Contract;
        this.enclave = enclave;
        this.time = time;
        layout = RoomLayout.For(contract);
        keys = new RoomKeys(roomKey, contract.Hash.Span);
        state = new StateCipher(keys.StateKey(), contract.Hash);
        DurableFile.CreateDirectory(stateDirectory);
        log = RoomLog.Open(Path.Combine(stateDirectory, "log"), state, time);
        var threads = enclave.WorkingSet.ReserveThreads(MatchEngine.WorkingSize(layout, contract.DataSets));
        stores = contract.DataSets.ToDictionary(dataSet => dataSet.Name, dataSet => UploadStore.Open(contract, dataSet, layout, keys, state, enclave.WorkingSet, stateDirectory));
        compiler = new QuestionCompiler(contract);
        analyst = new Analyst(contract, layout, new DisclosureRules(contract.Privacy, new SecureRandomIntegers()), threads);
    }

    /// <summary>Bytes of the largest chunk of any data set.</summary>
    public int MaxChunkSize => contract.DataSets.Max(dataSet => layout.GroupSize(dataSet)) + ChunkCipher.TagSize;

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
            [.. contract.DataSets.Select(dataSet => new DataSetState(dataSet.Name, dataSet.Owner, stores[dataSet.Name].Current?.Digest))], epc);
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
            var committed = store.Commit(digest, version => Log(member, "upload", new UploadDetail(dataSet, version.Digest, version.Rows), RoomLogJson.Default.UploadDetail));
            if (committed.Refusal is not null)
            {
                return committed.Refusal;
            }
            var receipt = new UploadReceipt(contract.Name, Hash, member.Name, time.GetUtcNow(), dataSet, digest, committed.Value!.Rows, log.Entries[^1].Hash);
            return enclave.Statements.Sign(JsonSerializer.SerializeToUtf8Bytes(receipt, AnswerJson.Default.UploadReceipt), UploadReceipt.StatementType);
        }
    }

    /// <summary>Answers a question, or says why not. Either way it is in the log before the member learns anything.</summary>
    /// <returns>A signed <see cref="Answer"/>.</returns>
    public Outcome<byte[]> Ask(RoomMember member, Question question)
    {
        ArgumentNullException.ThrowIfNull(member);
        ArgumentNullException.ThrowIfNull(question);
        lock (versions)
        {
            var result = Analyse(member, question);
            var entry = Log(member, "question", new QuestionDetail(question, result.Refusal?.Reason ?? "answered"), RoomLogJson.Default.QuestionDetail);
            if (result.Refusal is not null)
            {
                return result.Refusal;
            }
            var answer = new Answer(
                contract.Name, Hash, member.Name, entry.Instant, question,
                stores.ToDictionary(store => store.Key, store => store.Value.Current!.Digest),
                contract.Privacy.MinimumAudience, contract.Privacy.Epsilon, entry.Hash,
                result.Value!.Overlap, result.Value.Crosstab, result.Value.Lift);
            return enclave.Statements.Sign(JsonSerializer.SerializeToUtf8Bytes(answer, AnswerJson.Default.Answer), Answer.StatementType);
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

    private Outcome<AnalysisResult> Analyse(RoomMember member, Question question)
    {
        if (!contract.Roles.Query.Contains(member.Name))
        {
            return new RoomRefusal(RefusalKind.Forbidden, "may-not-ask", $"the contract lets {string.Join(", ", contract.Roles.Query)} ask, not {member.Name}");
        }
        var compiled = compiler.Compile(question);
        if (compiled.Refusal is not null)
        {
            return compiled.Refusal;
        }
        var missing = stores.Where(store => store.Value.Current is null).Select(store => store.Key).ToList();
        return missing.Count > 0
            ? new RoomRefusal(RefusalKind.Conflict, "data-missing", $"{string.Join(", ", missing)}: no complete upload yet; its owner has to upload it first")
            : analyst.Run(compiled.Value!, stores.ToDictionary(store => store.Key, store => store.Value.Current!));
    }

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

    private LogLine Log<T>(RoomMember member, string what, T detail, System.Text.Json.Serialization.Metadata.JsonTypeInfo<T> type) =>
        log.Append(member.Name, what, JsonSerializer.Serialize(detail, type));
}

/// <summary>A log entry's detail about an upload.</summary>
internal sealed record UploadDetail(string DataSet, string Digest, int Rows);

/// <summary>A log entry's detail about a question.</summary>
/// <param name="Outcome"><c>answered</c>, or the reason of the refusal.</param>
internal sealed record QuestionDetail(Question Question, string Outcome);

[JsonSourceGenerationOptions(JsonSerializerDefaults.Strict, PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UseStringEnumConverter = true)]
[JsonSerializable(typeof(UploadDetail))]
[JsonSerializable(typeof(QuestionDetail))]
internal sealed partial class RoomLogJson : JsonSerializerContext;
