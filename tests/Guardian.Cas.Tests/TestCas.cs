using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Guardian.Attestation;
using Guardian.Sgx;

namespace Guardian.Cas.Tests;

/// <summary>A CAS in this process, on a simulated machine that all tests share.</summary>
internal sealed class TestCas : IDisposable
{
    private static readonly TemporaryFolder Machine = MakeFolder();
    private static readonly SimulatedPlatform Platform = SimulatedPlatform.Open(Machine.Path, 1024 * 1024);
    private static readonly SimulatedQuotingEnclave QuotingEnclave = SimulatedQuotingEnclave.Open(Platform);
    private static readonly EnclaveSigner Signer = EnclaveSigner.Create();

    private readonly TemporaryFolder folder = new();

    public TestCas()
    {
        Store = SessionStore.Open(folder.Path, Cas);
        Service = new CasService(Store, collateral: null, TimeProvider.System);
    }

    public static SimulatedEnclave Cas { get; } = Launch(100);

    public static SimulatedEnclave Program { get; } = Launch(1);

    public static byte[] Alice { get; } = NewKey();

    public static byte[] Bob { get; } = NewKey();

    /// <summary>A session for the program, with the parts that tests change.</summary>
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

    public SessionStore Store { get; private set; }

    public CasService Service { get; private set; }

    public string Folder => folder.Path;

    public static SimulatedEnclave Launch(byte code, ushort isvSvn = 3, AttributeFlags more = AttributeFlags.None)
    {
        var image = EnclaveImage.FromBytes(new[] { code });
        return Platform.Launch(image, Signer.Sign(image.Measure(), 1, isvSvn, new EnclaveAttributes(AttributeFlags.Mode64Bit | more, 3), new DateOnly(2026, 1, 1)));
    }

    public static byte[] Certificate(SimulatedEnclave enclave)
    {
        using var certificate = CertificateWithKey(enclave);
        return certificate.RawData;
    }

    public static X509Certificate2 CertificateWithKey(SimulatedEnclave enclave) => RaTlsCertificate.Create(QuotingEnclave.ProviderFor(enclave), default);

    public static byte[] Utf8(string text) => Encoding.UTF8.GetBytes(text);

    public static string Hash(string text) => Convert.ToHexStringLower(SHA256.HashData(Utf8(text)));

    public void Reopen(SimulatedEnclave? enclave = null)
    {
        Store.Dispose();
        Store = SessionStore.Open(folder.Path, enclave ?? Cas);
        Service = new CasService(Store, collateral: null, TimeProvider.System);
    }

    public void Dispose()
    {
        Store.Dispose();
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
