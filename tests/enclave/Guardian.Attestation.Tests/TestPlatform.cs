using Guardian.Attestation.Launch;
using Guardian.Attestation.Policy;
using Guardian.Attestation.Verification;
using Guardian.Sgx;
using Guardian.Sgx.Measurement;
using Guardian.Simulation;
using Guardian.Simulation.Processor;
using Guardian.Simulation.Quoting;

namespace Guardian.Attestation.Tests;

/// <summary>A simulated machine with a quoting enclave, shared by all tests.</summary>
internal static class TestPlatform
{
    private static readonly TemporaryFolder Folder = MakeFolder();

    public static DateTimeOffset Now { get; } = new(2026, 6, 1, 12, 0, 0, TimeSpan.Zero);

    public static SimulatedPlatform Machine { get; } = SimulatedPlatform.Open(Folder.Path, 1024 * 1024);

    public static SimulatedQuotingEnclave QuotingEnclave { get; } = SimulatedQuotingEnclave.Open(Machine);

    /// <summary>Accepts hardware and simulation; has no collateral.</summary>
    public static EvidenceVerifier Verifier { get; } = new(SimulatedPlatforms.Support.Anchors, collateral: null);

    public static EnclaveSigner Signer { get; } = EnclaveSigner.Create();

    public static SimulatedEnclave Enclave { get; } = Launch(1);

    public static IQuoteProvider Quotes { get; } = QuotingEnclave.ProviderFor(Enclave);

    public static byte[] Quote { get; } = Quotes.CreateQuote([.. Enumerable.Range(0, 64).Select(i => (byte)i)]);

    public static AttestationPolicy Policy { get; } = new()
    {
        Identities = [new AcceptedIdentity { MrEnclaves = [Enclave.Identity.MrEnclave] }],
        Platforms = [PlatformKind.Simulated],
    };

    public static SimulatedEnclave Launch(byte code, ushort isvProdId = 1, ushort isvSvn = 5, AttributeFlags more = AttributeFlags.None)
    {
        var image = EnclaveImage.FromBytes(new[] { code });
        var attributes = new EnclaveAttributes(AttributeFlags.Mode64Bit | more, 3);
        return Machine.Launch(image, Signer.Sign(image.Measure(), isvProdId, isvSvn, attributes, new DateOnly(2026, 1, 1)));
    }

    public static VerifiedQuote Verified(SimulatedEnclave enclave) =>
        Verifier.Verify(QuotingEnclave.ProviderFor(enclave).CreateQuote(new byte[64]), Now).Value!;

    private static TemporaryFolder MakeFolder()
    {
        var folder = new TemporaryFolder();
        AppDomain.CurrentDomain.ProcessExit += (_, _) => folder.Dispose();
        return folder;
    }
}
