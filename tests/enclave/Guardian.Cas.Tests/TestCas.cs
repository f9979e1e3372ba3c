using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Guardian.Attestation.Evidence;
using Guardian.Attestation.Identity;
using Guardian.Attestation.Launch;
using Guardian.Attestation.RaTls;
using Guardian.Attestation.Statements;
using Guardian.Cas.Admissions;
using Guardian.Cas.Audit;
using Guardian.Cas.Client.Protocol;
using Guardian.Cas.Host;
using Guardian.Cas.Owners;
using Guardian.Cas.Secrets;
using Guardian.Cas.Sessions;
using Guardian.Cas.Store;
using Guardian.Sgx;
using Guardian.Sgx.Measurement;
using Guardian.Simulation;
using Guardian.Simulation.Processor;
using Guardian.Simulation.Quoting;

namespace Guardian.Cas.Tests;

/// <summary>A CAS in this process, on a simulated machine that all tests share.</summary>
internal sealed class TestCas : IDisposable
{
    private static readonly TemporaryFolder Machine = MakeFolder();
    private static readonly SimulatedPlatform Platform = SimulatedPlatform.Open(Machine.Path, 1024 * 1024);
    private static readonly SimulatedQuotingEnclave QuotingEnclave = SimulatedQuotingEnclave.Open(Platform);
    private static readonly EnclaveSigner Signer = EnclaveSigner.Create();

    private readonly TemporaryFolder folder = new();

    /// <param name="isOwned">Whether <see cref="Founder"/> owns the CAS from its first line on.</param>
    /// <param name="forge">Draws keys; null for a real one.</param>
    public TestCas(bool isOwned = true, KeyForge? forge = null)
    {
        Time = new TestTime();
        Vault = OpenVault(folder.Path, Cas, Time, isOwned);
        Services = new CasServices(Vault, SimulatedPlatforms.Verifier, Time, forge: forge);
    }

    public static SimulatedEnclave Cas { get; } = Launch(100);

    public static SimulatedEnclave Program { get; } = Launch(1);

    /// <summary>Owns every CAS that tests do not claim themselves.</summary>
    public static IdentityKey Founder { get; } = IdentityKey.Create();

    public static LogRules Rules { get; } = LogRules.For(Cas, SimulatedPlatforms.Verifier);

    public static byte[] Alice { get; } = NewKey();

    public static byte[] Bob { get; } = NewKey();

    /// <summary>A session for the program; tests replace parts of it.</summary>
    public static string Session { get; } =
        $$"""
        name: shop
        services:
          - name: web
            command: serve --token $$GUARDIAN::token$$
            environment:
              KEY: $$GUARDIAN::key:hex$$
              GREETING: hello
            attestation:
              - mrenclave: [{{Program.Identity.MrEnclave}}]
            platforms: [simulated]
        secrets:
          - {name: key, kind: binary, size: 16}
          - {name: token, kind: ascii, size: 12}

        """;

    public TestTime Time { get; }

    public Vault Vault { get; private set; }

    public CasServices Services { get; private set; }

    public SessionRegistry Sessions => Services.Sessions;

    public SecretRegistry Secrets => Services.Secrets;

    public AdmissionService Admissions => Services.Admissions;

    public SessionRemoval Removal => Services.Removal;

    public SessionHistory History => Services.History;

    public OwnerRegistry Owners => Services.Owners;

    public AuditReader Audit => Services.Audit;

    public string Folder => folder.Path;

    public static SimulatedEnclave Launch(byte code, ushort isvSvn = 3, AttributeFlags more = AttributeFlags.None)
    {
        var image = EnclaveImage.FromBytes(new[] { code });
        var attributes = new EnclaveAttributes(AttributeFlags.Mode64Bit | more, 3);
        return Platform.Launch(image, Signer.Sign(image.Measure(), 1, isvSvn, attributes, new DateOnly(2026, 1, 1)));
    }

    /// <summary>The evidence of an enclave that starts a service at this CAS.</summary>
    public byte[] Certificate(SimulatedEnclave enclave, string session = "shop", string service = "web") =>
        Certificate(enclave, Start(Vault.LogId, session, service));

    public static byte[] Certificate(SimulatedEnclave enclave, EvidenceContext context)
    {
        using var certificate = RaTlsCertificate.Create(Quotes(enclave), context);
        return certificate.RawData;
    }

    public static EvidenceContext Start(string cas, string session = "shop", string service = "web") =>
        EvidenceContext.RuntimeLaunch(Convert.FromHexString(cas), session, service);

    /// <summary>Evidence as Gramine makes it: the legacy form alone, which has no role.</summary>
    public static X509Certificate2 GramineCertificate(SimulatedEnclave enclave)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=RATLS", key, HashAlgorithmName.SHA256);
        var quote = Quotes(enclave).CreateQuote([.. SHA256.HashData(key.ExportSubjectPublicKeyInfo()), .. new byte[32]]);
        request.CertificateExtensions.Add(new X509Extension(RaTlsCertificate.LegacyOid, quote, critical: false));
        return request.CreateSelfSigned(
            new DateTimeOffset(2020, 1, 1, 0, 0, 0, TimeSpan.Zero), new DateTimeOffset(2040, 1, 1, 0, 0, 0, TimeSpan.Zero));
    }

    public static IQuoteProvider Quotes(SimulatedEnclave enclave) => QuotingEnclave.ProviderFor(enclave);

    public static byte[] Utf8(string text) => Encoding.UTF8.GetBytes(text);

    public static string Hash(string text) => Convert.ToHexStringLower(SHA256.HashData(Utf8(text)));

    public void Reopen(SimulatedEnclave? enclave = null)
    {
        Vault.Dispose();
        Vault = OpenVault(folder.Path, enclave ?? Cas, Time);
        Services = new CasServices(Vault, SimulatedPlatforms.Verifier, Time);
    }

    public static Vault OpenVault(string folder, SimulatedEnclave enclave, TimeProvider time, bool isOwned = true)
    {
        var rows = SqliteRowStore.Open(Path.Combine(folder, "cas.sqlite"));
        var file = new KeyFile(folder, enclave);
        using var transaction = rows.Begin();
        var head = transaction.Find("head", "");
        transaction.Dispose();
        try
        {
            var key = file.Find(head) ?? (head is null ? HeldKey.Create() : throw new InvalidDataException("this code has no key"));
            return Vault.Open(
                rows, key, NewAuditKey(enclave), LogRules.For(enclave, SimulatedPlatforms.Verifier), time,
                first: isOwned && head is null ? new FirstOwners([Founder.PublicKey], 1) : null, file: file);
        }
        catch
        {
            rows.Dispose();
            throw;
        }
    }

    /// <summary>Opens a store under a known key, with <see cref="Founder"/> as the owner of a new one.</summary>
    public static Vault Open(
        IRowStore rows, bool isOwned = true, Func<WitnessDescription, IWitness>? connect = null, byte[]? key = null)
    {
        bool isNew;
        using (var transaction = rows.Begin())
        {
            isNew = transaction.Find("head", "") is null;
        }
        return Vault.Open(
            rows, new HeldKey(new StoreKey(key ?? new byte[32]), KeyOrigin.Made), NewAuditKey(), Rules, new TestTime(), connect,
            isOwned && isNew ? new FirstOwners([Founder.PublicKey], 1) : null);
    }

    public static AuditKey NewAuditKey(SimulatedEnclave? enclave = null) =>
        new(StatementSigner.Create(Quotes(enclave ?? Cas), EvidenceContext.CasAudit));

    public Task<SessionDescription> CreateAsync(string session, byte[]? key = null) =>
        Sessions.CreateAsync(Utf8(session), key ?? Alice).ValueAsync();

    public Task<SessionDescription> UpdateAsync(string name, string session, byte[]? key = null) =>
        Sessions.UpdateAsync(name, Utf8(session), key ?? Alice).ValueAsync();

    public Task<byte[]> ReadSecretAsync(string name, string session = "shop") =>
        Vault.RunAsync(transaction => transaction.FindSession(session)!.Stored.Secrets[name].Value);

    public Task<StartupConfiguration> ConfigureAsync(
        string session = "shop", string service = "web", SimulatedEnclave? enclave = null, byte[]? workloadKey = null) =>
        Admissions.ConfigureAsync(
            new ConfigurationRequest(session, service, workloadKey), Certificate(enclave ?? Program, session, service)).ValueAsync();

    public void Dispose()
    {
        Vault.Dispose();
        folder.Dispose();
    }

    private static byte[] NewKey()
    {
        using var key = IdentityKey.Create();
        return key.SubjectPublicKeyInfo;
    }

    private static TemporaryFolder MakeFolder()
    {
        var made = new TemporaryFolder();
        AppDomain.CurrentDomain.ProcessExit += (_, _) => made.Dispose();
        return made;
    }
}

/// <summary>A clock that tests set.</summary>
internal sealed class TestTime : TimeProvider
{
    public DateTimeOffset Now { get; set; } = new(2026, 6, 1, 0, 0, 0, TimeSpan.Zero);

    public override DateTimeOffset GetUtcNow() => Now;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override long GetTimestamp() => Now.Ticks;
}
