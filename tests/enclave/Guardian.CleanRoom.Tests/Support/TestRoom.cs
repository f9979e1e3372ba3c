using System.Text;
using System.Text.Json;
using Guardian.Attestation.Evidence;
using Guardian.Attestation.Launch;
using Guardian.Attestation.Statements;
using Guardian.CleanRoom.Analyses;
using Guardian.CleanRoom.Base;
using Guardian.CleanRoom.Client;
using Guardian.CleanRoom.Contract;
using Guardian.CleanRoom.Data;
using Guardian.CleanRoom.Keys;
using Guardian.CleanRoom.Privacy;
using Guardian.CleanRoom.Room;
using Guardian.CleanRoom.Shards;
using Guardian.Refusals;
using Guardian.Sgx;
using Guardian.Simulation;

namespace Guardian.CleanRoom.Tests.Support;

/// <summary>A running room in a folder of its own, on a simulated machine that all tests share.</summary>
internal sealed class TestRoom : IDisposable
{
    private static readonly Lazy<EnclaveProcess> Enclave = new(OpenEnclave);
    public static readonly byte[] RoomKey = [.. Enumerable.Repeat((byte)7, RoomKeys.KeySize)];

    private static readonly byte[] NewRoomKey = [.. Enumerable.Repeat((byte)9, RoomKeys.KeySize)];

    private readonly TemporaryFolder folder = new();
    private readonly List<StatementSigner> signers = [];
    private readonly Dictionary<RoomService, RoomContract> contracts = [];
    private readonly StatementSigner statements;
    private readonly IRandomBytes random;
    private readonly WorkingSet workingSet;
    private readonly Func<IReadOnlyList<IShard>>? shards;
    private readonly TimeProvider time;

    public TestRoom(params (string Old, string New)[] changes) : this(TestContract.Read(changes), null)
    {
    }

    /// <param name="seed">Seed of the noise, for a repeatable test; null for the room's own randomness.</param>
    public TestRoom(
        RoomContract contract, int? seed, WorkingSet? workingSet = null, Func<IReadOnlyList<IShard>>? shards = null,
        IRandomBytes? noise = null, TimeProvider? time = null, IReadOnlyDictionary<string, byte[]>? programs = null)
    {
        Programs = programs ?? new Dictionary<string, byte[]>();
        this.time = time ?? TimeProvider.System;
        this.shards = shards;
        Contract = contract;
        // By default nothing stays decrypted in memory, so that a test sees the host's changes on disk.
        this.workingSet = workingSet ?? new WorkingSet(0);
        random = noise ?? (seed is { } number ? new SeededBytes(number) : new SecureRandomBytes());
        statements = StatementSigner.Create(Enclave.Value.Quotes, EvidenceContext.RoomStatement(Contract.Hash));
        Service = Open();
        Agency = Contract.Members[0];
        Retailer = Contract.Members[1];
    }

    public RoomContract Contract { get; }

    /// <summary>The modules that the host puts beside the contract.</summary>
    public IReadOnlyDictionary<string, byte[]> Programs { get; }

    public RoomService Service { get; private set; }

    public RoomMember Agency { get; }

    public RoomMember Retailer { get; }

    public string StateFolder => FolderOf("state");

    /// <summary>Finds the room's folder in the state, or in a copy of it.</summary>
    public string FolderOf(string copy) => Path.Combine(folder.File(copy), Convert.ToHexStringLower(Contract.Hash.Span[..8]));

    /// <summary>The measurement of the room's code.</summary>
    public static string Measurement => Enclave.Value.Enclave.Identity.MrEnclave.ToString();

    /// <summary>Finds a state folder.</summary>
    public string PathOf(string state) => folder.File(state);

    /// <summary>The head of the log, which a CAS would keep.</summary>
    public TestTag Head { get; } = new();

    /// <summary>The secret of the data's keys, which a CAS would keep.</summary>
    public TestTag KeySecret { get; } = new();

    /// <summary>Restarts the enclave.</summary>
    public void Reopen()
    {
        Service.Dispose();
        Service = Open();
    }

    /// <summary>Prepares a file with the room's keys.</summary>
    public (PreparedDataSet Data, string Digest, ChunkCipher Cipher) Prepare(
        string dataSet, string? csv, UploadForm form = UploadForm.Sorted, IReadOnlyList<string>? removed = null) =>
        PrepareFor(Service, dataSet, csv, form, removed);

    public UploadReceipt Upload(string dataSet, string csv)
    {
        var receipt = TryUpload(dataSet, csv);
        Assert.Null(receipt.Refusal);
        return JsonSerializer.Deserialize(Payload(receipt.Value!, UploadReceipt.StatementType), AnswerJson.Default.UploadReceipt)!;
    }

    public Outcome<byte[]> TryUpload(
        string dataSet, string? csv, UploadForm form = UploadForm.Sorted, string? changes = null, IReadOnlyList<string>? removed = null)
    {
        var (data, digest, cipher) = Prepare(dataSet, csv, form, removed);
        var owner = OwnerOf(dataSet);
        var begun = Service.DataSets.BeginUpload(
            owner, dataSet, new UploadRequest(digest, data.Report.Persons) { Form = form, Base = changes });
        for (var chunk = begun.Value?.NextChunk ?? data.GroupCount; chunk < data.GroupCount; chunk++)
        {
            Assert.Null(
                Service.DataSets.PutChunk(owner, dataSet, digest, chunk, cipher.Encrypt(chunk, data.WriteGroup(chunk).Span)).Refusal);
        }
        cipher.Dispose();
        return begun.Refusal is { } refusal ? refusal : Service.DataSets.Commit(owner, dataSet, digest);
    }

    /// <summary>Uploads to this room, or to its successor.</summary>
    public void UploadTo(RoomService service, string dataSet, string csv)
    {
        var owner = OwnerOf(dataSet);
        var (data, digest, cipher) = PrepareFor(service, dataSet, csv, UploadForm.Sorted, null);
        using (cipher)
        {
            Assert.Null(service.DataSets.BeginUpload(owner, dataSet, new UploadRequest(digest, data.Report.Persons)).Refusal);
            for (var chunk = 0; chunk < data.GroupCount; chunk++)
            {
                Assert.Null(service.DataSets.PutChunk(
                    owner, dataSet, digest, chunk, cipher.Encrypt(chunk, data.WriteGroup(chunk).Span)).Refusal);
            }
        }
        Assert.Null(service.DataSets.Commit(owner, dataSet, digest).Refusal);
    }

    public Answer Ask(Question question)
    {
        var answer = Service.Questions.Ask(Agency, question);
        Assert.Null(answer.Refusal);
        return JsonSerializer.Deserialize(Payload(answer.Value!, Answer.StatementType), AnswerJson.Default.Answer)!;
    }

    /// <summary>Asks for a result of a kind.</summary>
    public TBody Ask<TBody>(Question question) where TBody : AnswerBody => Assert.IsType<TBody>(Ask(question).Body);

    /// <summary>Copies or restores the state folder, as a host could.</summary>
    public void CopyState(string name, bool restore = false)
    {
        var (from, to) = restore ? (folder.File(name), folder.File("state")) : (folder.File("state"), folder.File(name));
        if (Directory.Exists(to))
        {
            Directory.Delete(to, recursive: true);
        }
        foreach (var path in Directory.GetFiles(from, "*", SearchOption.AllDirectories))
        {
            var target = Path.Combine(to, Path.GetRelativePath(from, path));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(path, target);
        }
    }

    /// <summary>Opens a second enclave on the same state.</summary>
    public RoomService OpenAnother() => Open();

    /// <summary>Opens an enclave that computes for the room, on the same state.</summary>
    public RoomShard OpenShard() => new(TestContract.Sign(Contract), RoomKey, folder.File("state"), new WorkingSet(0));

    /// <summary>Opens a room under a contract that succeeds this one: with a new session, so with another key and other tags.</summary>
    /// <param name="next">The contract.</param>
    /// <param name="handOver">The old room's statement; null when the host gives none.</param>
    /// <param name="tags">The tags of the new session; null when the session stays the same.</param>
    /// <param name="state">Name of the state folder.</param>
    public RoomService OpenSuccessor(SignedContract next, byte[]? handOver, (TestTag Head, TestTag KeySecret)? tags, string state = "next")
    {
        var signer = StatementSigner.Create(Enclave.Value.Quotes, EvidenceContext.RoomStatement(next.Contract.Hash));
        signers.Add(signer);
        var service = RoomService.Open(
            next, tags is null ? RoomKey : NewRoomKey, folder.File(state), Enclosure with
            {
                Statements = signer,
                Head = tags?.Head ?? Head,
                KeySecret = tags?.KeySecret ?? KeySecret,
                HandOver = new HandOverSource(() => handOver, SimulatedPlatforms.Verifier),
            },
            time);
        contracts[service] = next.Contract;
        return service;
    }

    /// <summary>Signs a statement with the code of another enclave, as an attacker can with code of its own.</summary>
    public static byte[] SignElsewhere(RoomContract contract, byte[] payload, string type)
    {
        using var machine = new TemporaryFolder();
        Directory.CreateDirectory(machine.File("program"));
        File.WriteAllText(machine.File("program/code.dll"), "other code");
        using var process = SimulatedPlatforms.Launch(
            machine.File("program"), machine.File("machine"), EnclaveProduct.CleanRoom, epcSize: null);
        using var signer = StatementSigner.Create(process.Quotes, EvidenceContext.RoomStatement(contract.Hash));
        return signer.Sign(payload, type);
    }

    /// <summary>Asks a question that is refused or whose result is withheld.</summary>
    /// <returns>The code of the reason.</returns>
    public string Refusal(Question question, RoomMember? member = null)
    {
        var (statement, refusal) = Service.Questions.Ask(member ?? Agency, question);
        return refusal?.Code ?? Assert.IsType<WithheldResult>(
            JsonSerializer.Deserialize(Payload(statement!, Answer.StatementType), AnswerJson.Default.Answer)!.Body).Reason;
    }

    public RoomMember OwnerOf(string dataSet) => Contract.Members.Single(member => member.Name == Contract.FindDataSet(dataSet)!.Owner);

    public void Dispose()
    {
        Service.Dispose();
        statements.Dispose();
        signers.ForEach(signer => signer.Dispose());
        folder.Dispose();
    }

    private (PreparedDataSet Data, string Digest, ChunkCipher Cipher) PrepareFor(
        RoomService service, string dataSet, string? csv, UploadForm form, IReadOnlyList<string>? removed)
    {
        var contract = contracts.GetValueOrDefault(service, Contract);
        var keys = service.DataSets.ReadKeys(OwnerOf(dataSet), dataSet).Value!;
        var data = TestRows.Prepare(contract, dataSet, csv, keys.MatchKey, form, removed);
        return (data, Convert.ToHexStringLower(data.Digest.Span),
            new ChunkCipher(keys.UploadSecret, contract, contract.FindDataSet(dataSet)!.InForm(form), data.Digest.Span));
    }

    private RoomEnclave Enclosure => new(PlatformKind.Simulated, () => Enclave.Value.EpcCounters, statements)
    {
        WorkingSet = workingSet,
        Head = Head,
        KeySecret = KeySecret,
        Random = random,
        Shards = shards,
        Programs = Programs,
    };

    private RoomService Open() => RoomService.Open(
        TestContract.Sign(Contract), RoomKey, folder.File("state"), Enclosure, time);

    // Verifies a statement like a member.
    public byte[] Payload(byte[] statement, string type)
    {
        var (verified, refusal) = StatementVerifier.Verify(statement, TimeProvider.System.GetUtcNow(), SimulatedPlatforms.Verifier);
        Assert.True(verified is not null, refusal?.ToString());
        Assert.Equal((type, EvidenceContext.RoomStatement(Contract.Hash)), (verified.Type, verified.Context));
        return verified.Payload.ToArray();
    }

    private static EnclaveProcess OpenEnclave()
    {
        var machine = new TemporaryFolder();
        AppDomain.CurrentDomain.ProcessExit += (_, _) => machine.Dispose();
        Directory.CreateDirectory(machine.File("program"));
        File.WriteAllBytes(machine.File("program/code.dll"), Encoding.ASCII.GetBytes("the room's code"));
        return SimulatedPlatforms.Launch(machine.File("program"), machine.File("machine"), EnclaveProduct.CleanRoom, epcSize: null);
    }
}

/// <summary>A tag that can be unreachable.</summary>
internal sealed class TestTag : IRoomTag
{
    public byte[]? Value { get; set; }

    public bool IsAway { get; set; }

    /// <summary>Runs before and after each move, where a crash could happen.</summary>
    public Action? AtStep { get; set; }

    public byte[]? Read() => IsAway ? throw new RefusedException(RoomReasons.CasAway.Because("away")) : Value;

    public bool TryMove(byte[]? expected, byte[] next)
    {
        if (IsAway)
        {
            throw new RefusedException(RoomReasons.CasAway.Because("away"));
        }
        if (!(Value ?? []).AsSpan().SequenceEqual(expected ?? []))
        {
            return false;
        }
        AtStep?.Invoke();
        Value = next;
        AtStep?.Invoke();
        return true;
    }
}

/// <summary>Repeatable random bytes.</summary>
internal sealed class SeededBytes(int seed) : IRandomBytes
{
    private readonly Random random = new(seed);

    public void Fill(Span<byte> bytes) => random.NextBytes(bytes);
}
