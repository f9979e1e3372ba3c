using System.Text;
using System.Text.Json;
using Guardian.Attestation.Launch;
using Guardian.Attestation.Statements;
using Guardian.CleanRoom.Analyses;
using Guardian.CleanRoom.Client;
using Guardian.CleanRoom.Contract;
using Guardian.CleanRoom.Data;
using Guardian.CleanRoom.Log;
using Guardian.CleanRoom.Privacy;
using Guardian.CleanRoom.Room;
using Guardian.Sgx;
using Guardian.Simulation;

namespace Guardian.CleanRoom.Tests.Support;

/// <summary>A room at work in a folder of its own, on a simulated machine that all tests share.</summary>
internal sealed class TestRoom : IDisposable
{
    private static readonly Lazy<EnclaveProcess> Enclave = new(OpenEnclave);
    private static readonly byte[] RoomKey = [.. Enumerable.Repeat((byte)7, RoomKeys.KeySize)];

    private readonly TemporaryFolder folder = new();
    private readonly StatementSigner statements;
    private readonly IRandomIntegers random;
    private readonly WorkingSet workingSet;

    public TestRoom(params (string Old, string New)[] changes) : this(TestContract.Read(changes), null)
    {
    }

    /// <param name="seed">Of the noise, so that a test is the same each time; null for the room's own.</param>
    public TestRoom(RoomContract contract, int? seed, WorkingSet? workingSet = null)
    {
        Contract = contract;
        // Unless a test says otherwise nothing stays open in memory, so that it sees what the host does to the disk.
        this.workingSet = workingSet ?? new WorkingSet(0);
        random = seed is { } number ? new SeededIntegers(number) : new SecureRandomIntegers();
        statements = StatementSigner.Create(Enclave.Value.Quotes, Contract.Hash.Span);
        Service = Open();
        Agency = Contract.Members[0];
        Retailer = Contract.Members[1];
    }

    public RoomContract Contract { get; }

    public RoomService Service { get; private set; }

    public RoomMember Agency { get; }

    public RoomMember Retailer { get; }

    public string StateFolder => Path.Combine(folder.File("state"), Convert.ToHexStringLower(Contract.Hash.Span[..8]));

    /// <summary>What the CAS would keep.</summary>
    public TestHead Head { get; } = new();

    /// <summary>What a restart of the enclave does.</summary>
    public void Reopen()
    {
        Service.Dispose();
        Service = Open();
    }

    /// <summary>Prepares a file with the room's keys.</summary>
    public (PreparedDataSet Data, string Digest, ChunkCipher Cipher) Prepare(string dataSet, string? csv, UploadForm form = UploadForm.Sorted, IReadOnlyList<string>? removed = null)
    {
        var keys = Service.ReadKeys(OwnerOf(dataSet), dataSet).Value!;
        var data = TestRows.Prepare(Contract, dataSet, csv, keys.MatchKey, form, removed);
        return (data, Convert.ToHexStringLower(data.Digest.Span), new ChunkCipher(keys.UploadSecret, Contract, Contract.FindDataSet(dataSet)!.InForm(form), data.Digest.Span));
    }

    public UploadReceipt Upload(string dataSet, string csv)
    {
        var receipt = TryUpload(dataSet, csv);
        Assert.Null(receipt.Refusal);
        return JsonSerializer.Deserialize(Payload(receipt.Value!, UploadReceipt.StatementType), AnswerJson.Default.UploadReceipt)!;
    }

    public Outcome<byte[]> TryUpload(string dataSet, string? csv, UploadForm form = UploadForm.Sorted, string? changes = null, IReadOnlyList<string>? removed = null)
    {
        var (data, digest, cipher) = Prepare(dataSet, csv, form, removed);
        var owner = OwnerOf(dataSet);
        var begun = Service.BeginUpload(owner, dataSet, new UploadRequest(digest, data.Report.Persons) { Form = form, Base = changes });
        for (var chunk = begun.Value?.NextChunk ?? data.GroupCount; chunk < data.GroupCount; chunk++)
        {
            Assert.Null(Service.PutChunk(owner, dataSet, digest, chunk, cipher.Encrypt(chunk, data.WriteGroup(chunk).Span)).Refusal);
        }
        cipher.Dispose();
        return begun.Refusal is { } refusal ? refusal : Service.Commit(owner, dataSet, digest);
    }

    public Answer Ask(Question question)
    {
        var answer = Service.Ask(Agency, question);
        Assert.Null(answer.Refusal);
        return JsonSerializer.Deserialize(Payload(answer.Value!, Answer.StatementType), AnswerJson.Default.Answer)!;
    }

    /// <summary>What the host could keep, and bring back later.</summary>
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

    /// <summary>A second enclave on the same state.</summary>
    public RoomService OpenAnother() => Open();

    /// <summary>The room under a contract that succeeds this one, on the same folder.</summary>
    public RoomService OpenSuccessor(SignedContract next) => new(next, RoomKey, folder.File("state"), Enclosure, TimeProvider.System);

    public string Refusal(Question question, RoomMember? member = null) => Service.Ask(member ?? Agency, question).Refusal!.Reason;

    public RoomMember OwnerOf(string dataSet) => Contract.Members.Single(member => member.Name == Contract.FindDataSet(dataSet)!.Owner);

    public void Dispose()
    {
        Service.Dispose();
        statements.Dispose();
        folder.Dispose();
    }

    private RoomEnclave Enclosure => new(PlatformKind.Simulated, () => Enclave.Value.EpcCounters, statements) { WorkingSet = workingSet, Head = Head, Random = random };

    private RoomService Open() => new(
        TestContract.Sign(Contract), RoomKey, folder.File("state"), Enclosure, TimeProvider.System);

    // Verified as a member would.
    public byte[] Payload(byte[] statement, string type)
    {
        var verdict = StatementVerifier.Verify(statement, TimeProvider.System.GetUtcNow(), SimulatedPlatforms.Verifier);
        Assert.True(verdict.Value is not null, verdict.Refusal?.ToString());
        Assert.Equal(
            (type, Convert.ToHexString(Contract.Hash.Span)), (verdict.Value.Type, Convert.ToHexString(verdict.Value.Binding.Span)));
        return verdict.Value.Payload.ToArray();
    }

    private static EnclaveProcess OpenEnclave()
    {
        var machine = new TemporaryFolder();
        AppDomain.CurrentDomain.ProcessExit += (_, _) => machine.Dispose();
        Directory.CreateDirectory(machine.File("program"));
        File.WriteAllBytes(machine.File("program/code.dll"), Encoding.ASCII.GetBytes("the room's code"));
        return SimulatedPlatforms.Launch(machine.File("program"), machine.File("machine"), epcSize: null);
    }
}

/// <summary>A head that can be out of reach.</summary>
internal sealed class TestHead : IRoomHead
{
    public byte[]? Value { get; set; }

    public bool IsAway { get; set; }

    public byte[]? Read() => IsAway ? throw new RoomHeadException("away") : Value;

    public bool TryMove(byte[]? expected, byte[] next)
    {
        if (IsAway)
        {
            throw new RoomHeadException("away");
        }
        if (!(Value ?? []).AsSpan().SequenceEqual(expected ?? []))
        {
            return false;
        }
        Value = next;
        return true;
    }
}

/// <summary>Random numbers that are the same each time.</summary>
internal sealed class SeededIntegers(int seed) : IRandomIntegers
{
    private readonly Random random = new(seed);

    public System.Numerics.BigInteger Below(System.Numerics.BigInteger bound)
    {
        var bytes = new byte[bound.GetByteCount() + 8];
        random.NextBytes(bytes);
        return new System.Numerics.BigInteger(bytes, isUnsigned: true) % bound;
    }
}
