using Guardian.Attestation.Launch;
using Guardian.Attestation.Verification;
using Guardian.Sgx;
using Guardian.Sgx.Measurement;
using Guardian.Sgx.Simulated;

namespace Guardian.Attestation.Tests.Launch;

public sealed class EnclaveProcessTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public EnclaveProcessTests()
    {
        Directory.CreateDirectory(folder.File("program"));
        folder.Write("program/program.dll", "code");
    }

    public void Dispose() => folder.Dispose();

    [Fact]
    public void What_runs_is_what_was_measured()
    {
        using var process = Open();
        Assert.Equal(EnclaveProcess.Measure(folder.File("program")), process.Enclave.Identity.MrEnclave);
        Assert.True(QuoteVerifier.Verify(process.Quotes.CreateQuote(new byte[64]), TestPlatform.Now).IsVerified);
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
        var signed = TestPlatform.Signer.Sign(image.Measure(), 7, 8, new EnclaveAttributes(AttributeFlags.Mode64Bit, 3), new DateOnly(2026, 1, 1));
        File.WriteAllBytes(folder.File("program/enclave.sigstruct"), signed.Bytes.Span);
        using (var process = Open())
        {
            Assert.Equal((TestPlatform.Signer.MrSigner, (ushort)7), (process.Enclave.Identity.MrSigner, process.Enclave.Identity.IsvProdId));
        }
        folder.Write("program/program.dll", "other code");
        Assert.Equal(LaunchRefusal.InvalidMeasurement, Assert.Throws<EnclaveLaunchException>(Open).Refusal);
        folder.Write("program/enclave.sigstruct", "nothing");
        Assert.Throws<InvalidDataException>(Open);
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

    private EnclaveProcess Open() => EnclaveProcess.Open(folder.File("program"), folder.File("machine"), 1024 * 1024);
}
