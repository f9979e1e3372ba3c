using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Guardian.Attestation.Collateral;
using Guardian.Attestation.Pki;
using Guardian.Attestation.Quotes;
using Guardian.Attestation.Verification;

namespace Guardian.Attestation.Tests.Synthetic;

/// <summary>
/// A platform with its own PKI, shaped as Intel's, that makes good quotes and collateral, and bad ones: a test can change every part before
/// <see cref="Build"/>. Its keys exist only during the test.
/// </summary>
internal sealed class SyntheticPlatform : IDisposable
{
    public const int HeaderSize = 48;
    public const int ReportSize = 384;

    private static readonly byte[] Fmspc = [0x00, 0x60, 0x6A, 0x00, 0x00, 0x00];

    private readonly List<ECDsa> keys = [];

    public SyntheticPlatform(TeeType tee = TeeType.Sgx, ushort version = 3, ushort bodyType = 1)
    {
        (Tee, Version, BodyType) = (tee, version, bodyType);
        Root = new CertificateShape("Synthetic SGX Root CA", NewKey()) { IsAuthority = true };
        Authority = new CertificateShape("Synthetic SGX PCK Platform CA", NewKey()) { IsAuthority = true, Issuer = Root };
        Pck = new CertificateShape("Synthetic SGX PCK Certificate", NewKey()) { Issuer = Authority };
        Signer = new CertificateShape("Synthetic SGX TCB Signing", NewKey()) { Issuer = Root };
        RootList = new ListShape(Root);
        PckList = new ListShape(Authority);
        AttestationKey = NewKey();
        Pck.Extensions[PckFields.Oid] = new PckFields(Components, 13, Fmspc, [0, 0]).Write();
        TcbInfo = new DocumentShape("tcbInfo", Signer, MakeTcbInfo());
        QeIdentity = new DocumentShape("enclaveIdentity", Signer, MakeQeIdentity());
        Body = new byte[tee == TeeType.Sgx ? ReportSize : bodyType switch { 3 => 648, 4 => 885, _ => 584 }];
        FillBody();
        QeReport = new byte[ReportSize];
        FillQeReport();
    }

    public static DateTimeOffset At { get; } = new(2026, 6, 1, 0, 0, 0, TimeSpan.Zero);

    public static byte[] Components => [11, 11, 2, 2, 255, 1, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0];

    public TeeType Tee { get; }

    public ushort Version { get; }

    public ushort BodyType { get; }

    public CertificateShape Root { get; }

    public CertificateShape Authority { get; }

    public CertificateShape Pck { get; }

    public CertificateShape Signer { get; }

    public ListShape RootList { get; }

    public ListShape PckList { get; }

    public DocumentShape TcbInfo { get; }

    public DocumentShape QeIdentity { get; }

    /// <summary>The report body; a test changes it before it is signed.</summary>
    public byte[] Body { get; }

    /// <summary>The quoting enclave's report body; a test changes it before it is signed. Its report data is set last.</summary>
    public byte[] QeReport { get; }

    /// <summary>Changes the binding of attestation key and authentication data before the QE report is signed.</summary>
    public Action<byte[]>? Binding { get; set; }

    public ECDsa AttestationKey { get; set; }

    /// <summary>The key that signs the QE report; null is the PCK.</summary>
    public ECDsa? QeSigner { get; set; }

    public byte[] AuthenticationData { get; set; } = [.. Enumerable.Range(0, 32).Select(i => (byte)i)];

    /// <summary>Composes the chain in the quote from leaf, issuer, root.</summary>
    public Func<string[], string>? Chain { get; set; }

    public ECDsa NewKey(ECCurve? curve = null)
    {
        var key = ECDsa.Create(curve ?? ECCurve.NamedCurves.nistP256);
        keys.Add(key);
        return key;
    }

    public SyntheticEvidence Build()
    {
        var (root, authority, pck, signer) = (Root.Pem(), Authority.Pem(), Pck.Pem(), Signer.Pem());
        return new SyntheticEvidence(
            BuildQuote(Chain?.Invoke([pck, authority, root]) ?? pck + authority + root),
            new QuoteCollateral
            {
                TcbInfo = TcbInfo.Sign(),
                TcbInfoIssuerChain = Utf8(signer + root),
                QeIdentity = QeIdentity.Sign(),
                QeIdentityIssuerChain = Utf8(signer + root),
                RootCaCrl = RootList.Sign(),
                PckCrl = PckList.Sign(),
                PckCrlIssuerChain = Utf8(authority + root),
            },
            root);
    }

    /// <summary>Builds and verifies everything, which must hold.</summary>
    public VerifiedQuote Verified()
    {
        var evidence = Build();
        var outcome = QuoteVerifier.Verify(
            evidence.Quote, evidence.Collateral, At, new VerifierOptions { Anchors = [TrustAnchor.FromCertificate(Utf8(evidence.Root))!] });
        return outcome.Value ?? throw new InvalidOperationException(outcome.Refusal!.ToString());
    }

    /// <summary>Puts the platform at an outdated level.</summary>
    /// <param name="newestStatus">The status of the newest level.</param>
    /// <param name="own">The date of the platform's level.</param>
    /// <param name="newer">The dates of the levels that the platform does not reach, the oldest first.</param>
    public void SetPlatformLevels(string newestStatus, string own, params string[] newer)
    {
        var levels = new JsonArray();
        for (var i = newer.Length - 1; i >= 0; i--)
        {
            levels.Add(Dated(Level(Components, 14 + i, i == newer.Length - 1 ? newestStatus : "OutOfDate"), newer[i]));
        }
        levels.Add(Dated(Level(Components, 13, "OutOfDate", "INTEL-SA-00088"), own));
        TcbInfo.Content["tcbLevels"] = levels;

        static JsonObject Dated(JsonObject level, string date)
        {
            level["tcbDate"] = date + "T00:00:00Z";
            return level;
        }
    }

    /// <summary>Makes another quote of this platform, with a new attestation key.</summary>
    public byte[] QuoteWithNewKey()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        AttestationKey = key;
        return BuildQuote(Pck.Pem() + Authority.Pem() + Root.Pem());
    }

    public void Dispose() => keys.ForEach(key => key.Dispose());

    public static byte[] Utf8(string text) => Encoding.UTF8.GetBytes(text);

    public static byte[] Point(ECDsa key)
    {
        var point = key.ExportParameters(false).Q;
        return [.. point.X!, .. point.Y!];
    }

    private byte[] BuildQuote(string chain)
    {
        var header = new byte[HeaderSize];
        BinaryPrimitives.WriteUInt16LittleEndian(header, Version);
        BinaryPrimitives.WriteUInt16LittleEndian(header.AsSpan(2), 2);
        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(4), Tee == TeeType.Tdx ? 0x81U : 0);
        Convert.FromHexString("939a7233f79c4ca9940a0db3957f0607").CopyTo(header, 12);
        byte[] signed = Version == 5 ? [.. header, .. UInt16(BodyType), .. UInt32(Body.Length), .. Body] : [.. header, .. Body];

        var point = Point(AttestationKey);
        SHA256.HashData([.. point, .. AuthenticationData]).CopyTo(QeReport, 320);
        Binding?.Invoke(QeReport);
        byte[] certification = [.. UInt16(5), .. UInt32(chain.Length), .. Utf8(chain)];
        byte[] qe =
        [
            .. QeReport, .. (QeSigner ?? Pck.Key).SignData(QeReport, HashAlgorithmName.SHA256), .. UInt16(AuthenticationData.Length),
            .. AuthenticationData, .. certification,
        ];
        byte[] data =
        [
            .. AttestationKey.SignData(signed, HashAlgorithmName.SHA256), .. point,
            .. Version > 3 ? (byte[])[.. UInt16(6), .. UInt32(qe.Length), .. qe] : qe,
        ];
        return [.. signed, .. UInt32(data.Length), .. data];
    }

    private void FillBody()
    {
        if (Tee == TeeType.Tdx)
        {
            Body.AsSpan().Fill(0x33);
            // TDX module 1, SVN 5; MRSIGNERSEAM and SEAMATTRIBUTES are zero; no debugging.
            Body.AsSpan(0, 16).Clear();
            (Body[0], Body[1], Body[2]) = (5, 1, 3);
            Body.AsSpan(64, 64).Clear();
            // TDATTRIBUTES: SEPT_VE_DISABLE.
            Body[123] = 0x10;
            if (Body.Length >= 648)
            {
                Body.AsSpan(584, 16).Clear();
                (Body[584], Body[585], Body[586]) = (5, 1, 3);
            }
            return;
        }
        Body[48] = 5;
        Body[56] = 3;
        Body.AsSpan(64, 32).Fill(0x11);
        Body.AsSpan(128, 32).Fill(0x22);
        Body[256] = 1;
        Body[258] = 7;
        Body.AsSpan(320, 64).Fill(0x44);
    }

    private void FillQeReport()
    {
        QeReport[48] = 0x15;
        QeReport[56] = 0xE7;
        QeReport.AsSpan(128, 32).Fill(0x55);
        QeReport[256] = (byte)(Tee == TeeType.Tdx ? 2 : 1);
        QeReport[258] = 8;
    }

    private JsonObject MakeTcbInfo()
    {
        var info = new JsonObject
        {
            ["id"] = Tee == TeeType.Tdx ? "TDX" : "SGX", ["version"] = 3,
            ["issueDate"] = "2026-05-20T10:00:00Z", ["nextUpdate"] = "2026-06-19T10:00:00Z",
            ["fmspc"] = Convert.ToHexString(Fmspc), ["pceId"] = "0000", ["tcbType"] = 0, ["tcbEvaluationDataNumber"] = 20,
        };
        if (Tee == TeeType.Tdx)
        {
            info["tdxModule"] = Module(null, []);
            info["tdxModuleIdentities"] = new JsonArray(Module("TDX_01", [IsvSvnLevel(5, "UpToDate"), IsvSvnLevel(2, "OutOfDate")]));
        }
        info["tcbLevels"] = new JsonArray(
            Level(Components, 13, "UpToDate"), Level([.. Components.Select(svn => (byte)(svn / 2))], 5, "OutOfDate", "INTEL-SA-00615"));
        return info;
    }

    private JsonObject MakeQeIdentity() => new()
    {
        ["id"] = Tee == TeeType.Tdx ? "TD_QE" : "QE", ["version"] = 2,
        ["issueDate"] = "2026-05-20T10:00:00Z", ["nextUpdate"] = "2026-06-19T10:00:00Z", ["tcbEvaluationDataNumber"] = 20,
        ["miscselect"] = "00000000", ["miscselectMask"] = "FFFFFFFF",
        ["attributes"] = "11000000000000000000000000000000", ["attributesMask"] = "FBFFFFFFFFFFFFFF0000000000000000",
        ["mrsigner"] = new string('5', 64), ["isvprodid"] = Tee == TeeType.Tdx ? 2 : 1,
        ["tcbLevels"] = new JsonArray(IsvSvnLevel(8, "UpToDate"), IsvSvnLevel(6, "OutOfDate"), IsvSvnLevel(2, "Revoked")),
    };

    private JsonObject Level(byte[] components, int pceSvn, string status, params string[] advisories)
    {
        var tcb = new JsonObject { ["sgxtcbcomponents"] = ComponentList(components), ["pcesvn"] = pceSvn };
        if (Tee == TeeType.Tdx)
        {
            tcb["tdxtcbcomponents"] = ComponentList([5, 0, 3, .. new byte[13]]);
        }
        return new JsonObject
        {
            ["tcb"] = tcb, ["tcbDate"] = "2025-11-12T00:00:00Z", ["tcbStatus"] = status,
            ["advisoryIDs"] = new JsonArray([.. advisories.Select(each => (JsonNode)each)]),
        };
    }

    private static JsonArray ComponentList(byte[] components) =>
        new([.. components.Select(svn => (JsonNode)new JsonObject { ["svn"] = svn })]);

    private static JsonObject IsvSvnLevel(int isvSvn, string status) => new()
    {
        ["tcb"] = new JsonObject { ["isvsvn"] = isvSvn }, ["tcbDate"] = "2025-11-12T00:00:00Z", ["tcbStatus"] = status,
    };

    private static JsonObject Module(string? id, JsonNode[] levels)
    {
        var module = new JsonObject
        {
            ["mrsigner"] = new string('0', 96),
            ["attributes"] = new string('0', 16),
            ["attributesMask"] = new string('F', 16),
        };
        if (id is not null)
        {
            module["id"] = id;
            module["tcbLevels"] = new JsonArray(levels);
        }
        return module;
    }

    private static byte[] UInt16(int value) => [(byte)(value & 0xFF), (byte)(value >> 8)];

    private static byte[] UInt32(int value) => [.. UInt16(value & 0xFFFF), .. UInt16(value >> 16)];
}

/// <summary>The result of a build.</summary>
/// <param name="Quote">The quote.</param>
/// <param name="Collateral">Its collateral.</param>
/// <param name="Root">PEM of the root of trust.</param>
internal sealed record SyntheticEvidence(byte[] Quote, QuoteCollateral Collateral, string Root);
