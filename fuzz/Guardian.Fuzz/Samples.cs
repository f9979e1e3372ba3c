using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using Guardian.Attestation.Collateral;
using Guardian.Attestation.Evidence;
using Guardian.Attestation.Identity;
using Guardian.Attestation.Launch;
using Guardian.Attestation.RaTls;
using Guardian.Attestation.Statements;
using Guardian.Cas.Client.Workloads;
using Guardian.CleanRoom.Contract;
using Guardian.CleanRoom.Data;
using Guardian.CleanRoom.Keys;
using Guardian.CleanRoom.Layout;
using Guardian.CleanRoom.Matching;
using Guardian.CleanRoom.Shards;
using Guardian.Documents;
using Guardian.Sgx;
using Guardian.Sgx.Enclaves;
using Guardian.Sgx.Keys;
using Guardian.Sgx.Measurement;
using Guardian.Simulation.Processor;
using Guardian.Simulation.Quoting;

namespace Guardian.Fuzz;

/// <summary>Good inputs, created on a simulated machine.</summary>
internal sealed class Samples
{
    private readonly RoomContract contract;
    private readonly RoomLayout layout;
    private readonly DataSet dataSet;

    public Samples()
    {
        var machine = SimulatedPlatform.Open(Directory.CreateTempSubdirectory("guardian-fuzz-").FullName, 1024 * 1024);
        try
        {
            var image = EnclaveImage.FromBytes(new byte[5_000]);
            using var signer = EnclaveSigner.Create();
            var attributes = new EnclaveAttributes(AttributeFlags.Mode64Bit, 3);
            var sigStruct = signer.Sign(image.Measure(), 1, 1, attributes, new DateOnly(2026, 1, 1));
            SigStruct = sigStruct.Bytes.ToArray();
            Enclave = machine.Launch(image, sigStruct);
            Sealed = Sealing.Seal(Enclave, KeyPolicy.MrEnclave, "a secret"u8);
            var quotes = SimulatedQuotingEnclave.Open(machine).ProviderFor(Enclave);
            Quote = quotes.CreateQuote(new byte[64]);
            using var certificate = RaTlsCertificate.Create(quotes, EvidenceContext.RoomLead(new byte[32]));
            Certificate = certificate.RawData;
            TaggedEvidence = certificate.Extensions.Single(extension => extension.Oid!.Value == RaTlsCertificate.TaggedEvidenceOid).RawData;
            using var statements = StatementSigner.Create(quotes, EvidenceContext.RoomStatement(new byte[32]));
            Statement = statements.Sign("{\"a\":1}"u8, "sample+jws");
            Workload = MakeWorkload();
            var pem = Encoding.ASCII.GetString(Guardian.Attestation.Quotes.Quote.TryParse(Quote).Value!.CertificationData.Span);
            using var pck = X509Certificate2.CreateFromPem(pem);
            PckExtension = pck.Extensions.Single(extension => extension.Oid!.Value == "1.2.840.113741.1.13.1").RawData;
        }
        finally
        {
            Directory.Delete(machine.Directory, recursive: true);
        }

        using var key = IdentityKey.Create();
        using var other = IdentityKey.Create();
        PublicKey = key.PublicKey;
        Contract = Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(Targets.Document("docs/spec/room.md"))
            .Replace("AGENCY_KEY", key.PublicKey, StringComparison.Ordinal)
            .Replace("RETAILER_KEY", other.PublicKey, StringComparison.Ordinal)
            .Replace("max_rows: 2000000", "max_rows: 100", StringComparison.Ordinal)
            .Replace("max_rows: 100000", "max_rows: 50", StringComparison.Ordinal));
        contract = ContractReader.Read(Contract, new DocumentProblems())!;
        layout = RoomLayout.For(contract);
        dataSet = contract.DataSets[0];
        Group = WriteGroup();
        ShardRequest = JsonSerializer.SerializeToUtf8Bytes(
            new ShardRequest(
                [
                    new ShardSide(
                        dataSet.Name, new string('0', 64), new byte[RoomKeys.KeySize],
                        [new CodeAny([new CodeRanges(0, [(1, 2)]), new CodeAll([])])], [new CellPart(0, 1)]),
                ],
                new AcrossCondition([new Measure(0, 0)], new CodeRanges(0, [(1, 2)])), 2, new SumPlan([new Measure(0, 0)], [(0, 0)]),
                IsSketch: false, new GroupRange(0, 1)),
            ShardJson.Default.ShardRequest);
    }

    public SimulatedEnclave Enclave { get; }

    public byte[] Quote { get; }

    public byte[] Certificate { get; }

    public byte[] PckExtension { get; }

    public byte[] TaggedEvidence { get; }

    public byte[] Statement { get; }

    /// <summary>A workload certificate, signed by its own key.</summary>
    public byte[] Workload { get; }

    public byte[] SigStruct { get; }

    public byte[] Sealed { get; }

    public byte[] Contract { get; }

    public byte[] Group { get; }

    public byte[] ShardRequest { get; }

    public string PublicKey { get; }

    public QuoteCollateral Collateral { get; } = new()
    {
        TcbInfo = Targets.Vector("dcap", "tdx4-uptodate", "tcb_info.json"),
        TcbInfoIssuerChain = Targets.Vector("dcap", "tdx4-uptodate", "tcb_info_issuer_chain.pem"),
        QeIdentity = Targets.Vector("dcap", "tdx4-uptodate", "qe_identity.json"),
        RootCaCrl = Targets.Vector("dcap", "tdx4-uptodate", "root_ca_crl.der"),
        PckCrl = Targets.Vector("dcap", "tdx4-uptodate", "pck_crl.der"),
    };

    public bool ReadShardRequest(byte[] request) => RoomShard.TryRead(request, contract, layout) is not null;

    /// <summary>Checks a group as the room does: a chunk of another size never reaches the check.</summary>
    public bool CheckGroup(byte[] plaintext, UploadForm form) => plaintext.Length == layout.GroupSize(dataSet)
        && new GroupCheck(layout, dataSet.InForm(form), form).FindProblem(0, plaintext, out _) is null;

    private static byte[] MakeWorkload()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var identity = new WorkloadIdentity(
            new string('0', 64), "session", "service", new string('1', 64), $"sha256:{new string('3', 64)}", new string('2', 64));
        var request = new CertificateRequest("CN=workload", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(WorkloadIdentity.WriteName(identity.Uri));
        request.CertificateExtensions.Add(identity.WriteExtension());
        using var certificate = request.CreateSelfSigned(DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddYears(100));
        return certificate.RawData;
    }

    private byte[] WriteGroup()
    {
        var writer = new GroupWriter(layout, dataSet);
        var tag = new Tag(5, 7UL << 16);
        writer.Write(layout.BucketOf(tag.High), 0, tag, [1, 2]);
        return writer.Plaintext.ToArray();
    }
}
