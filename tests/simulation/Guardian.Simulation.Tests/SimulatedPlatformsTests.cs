using Guardian.Attestation.Launch;
using Guardian.Attestation.Pki;
using Guardian.Attestation.Verification;
using Guardian.Refusals;
using Guardian.Sgx;
using Guardian.Sgx.Measurement;
using Guardian.Sgx.Tests;

namespace Guardian.Simulation.Tests;

public sealed class SimulatedPlatformsTests : IDisposable
{
    private static readonly DateTimeOffset Now = new(2026, 6, 1, 12, 0, 0, TimeSpan.Zero);

    private readonly TemporaryFolder folder = new();

    public SimulatedPlatformsTests()
    {
        Directory.CreateDirectory(folder.File("program"));
        folder.Write("program/program.dll", "code");
    }

    public void Dispose() => folder.Dispose();

    [Fact]
    public void The_running_enclave_is_the_measured_one()
    {
        using var process = Open();
        Assert.Equal(EnclaveProcess.Measure(folder.File("program")), process.Enclave.Identity.MrEnclave);
        var verifier = new EvidenceVerifier(SimulatedPlatforms.Support.Anchors, null);
        Assert.NotNull(verifier.Verify(process.Quotes.CreateQuote(new byte[64]), Now).Value);
        Assert.True(process.EpcCounters!.Value.Allocated > 2);
    }

    [Fact]
    public void Another_file_is_another_enclave()
    {
        var before = EnclaveProcess.Measure(folder.File("program"));
        folder.Write("program/more.dll", "x");
        Assert.NotEqual(before, EnclaveProcess.Measure(folder.File("program")));
    }

    [Fact]
    public void A_vendors_signature_decides_who_signed_and_must_fit()
    {
        var image = EnclaveImage.FromFiles(folder.File("program"));
        var signed = TestMachine.Signer.Sign(
            image.Measure(), 7, 8, new EnclaveAttributes(AttributeFlags.Mode64Bit, 3), new DateOnly(2026, 1, 1));
        File.WriteAllBytes(folder.File("program/enclave.sigstruct"), signed.Bytes.Span);
        using (var process = Open())
        {
            Assert.Equal((TestMachine.Signer.MrSigner, (ushort)7), (process.Enclave.Identity.MrSigner, process.Enclave.Identity.IsvProdId));
        }
        folder.Write("program/program.dll", "other code");
        var refused = Assert.Throws<RefusedException>(Open);
        Assert.Equal(("launch-refused", RefusalKind.Damaged), (refused.Refusal.Code, refused.Refusal.Kind));
        folder.Write("program/enclave.sigstruct", "nothing");
        Assert.Throws<InvalidDataException>(Open);
    }

    [Fact]
    public void A_caller_that_accepts_Intel_alone_refuses_a_simulated_quote()
    {
        using var process = Open();
        var quote = process.Quotes.CreateQuote(new byte[64]);
        Assert.Equal("unknown-root", QuoteVerifier.Verify(quote, collateral: null, Now, VerifierOptions.IntelOnly).Refusal!.Code);
        Assert.Equal("unknown-root", new EvidenceVerifier(PlatformSupport.HardwareOnly.Anchors, null).Verify(quote, Now).Refusal!.Code);
    }

    [Fact]
    public void The_published_root_is_never_taken_for_a_hardware_root()
    {
        using var process = Open();
        var chain = File.ReadAllText(folder.File("machine/pck.pem"));
        var root = chain[chain.LastIndexOf("-----BEGIN CERTIFICATE-----", StringComparison.Ordinal)..];
        Assert.Null(TrustAnchor.FromCertificate(System.Text.Encoding.ASCII.GetBytes(root)));
    }

    [Theory]
    [InlineData("pck.pem")]
    [InlineData("attestation-key.sealed")]
    [InlineData("fuses")]
    public void A_damaged_machine_is_explained(string file)
    {
        Open().Dispose();
        File.WriteAllText(folder.File($"machine/{file}"), "damage");
        Assert.Contains(file, Assert.Throws<InvalidDataException>(Open).Message, StringComparison.Ordinal);
    }

    private EnclaveProcess Open() =>
        SimulatedPlatforms.Launch(folder.File("program"), folder.File("machine"), EnclaveProduct.Cas, 1024 * 1024);
}
