using Guardian.Refusals;
using Guardian.Sgx;
using Guardian.Sgx.Keys;
using Guardian.Sgx.Measurement;
using Guardian.Sgx.Tests;
using Guardian.Simulation.Processor;

namespace Guardian.Simulation.Tests.Processor;

public sealed class SimulatedPlatformTests : IDisposable
{
    private readonly TestMachine machine = new();

    public void Dispose() => machine.Dispose();

    [Fact]
    public void An_enclave_is_who_its_signature_says()
    {
        using var enclave = machine.Launch(1, isvProdId: 5, isvSvn: 6);
        Assert.Equal(
            (EnclaveImage.FromBytes(new byte[] { 1 }).Measure(), TestMachine.Signer.MrSigner, (ushort)5, (ushort)6, PlatformKind.Simulated),
            (enclave.Identity.MrEnclave, enclave.Identity.MrSigner, enclave.Identity.IsvProdId, enclave.Identity.IsvSvn, enclave.Platform));
        Assert.True(enclave.Identity.Attributes.Flags.HasFlag(AttributeFlags.Init));
    }

    [Fact]
    public void EINIT_refuses_an_enclave_that_was_not_signed()
    {
        var (image, other) = (EnclaveImage.FromBytes(new byte[] { 1 }), EnclaveImage.FromBytes(new byte[] { 2 }));
        var signed = TestMachine.Signer.Sign(
            image.Measure(), 1, 1, new EnclaveAttributes(AttributeFlags.Mode64Bit, 3), new DateOnly(2026, 1, 1));
        Assert.Equal("measurement", RefusedPart(other, signed));

        var altered = signed.Bytes.ToArray();
        altered[1026] = 9;
        Assert.True(SigStruct.TryRead(altered, out var forged));
        Assert.Equal("signature", RefusedPart(image, forged!));

        var noMode = TestMachine.Signer.Sign(
            image.Measure(), 1, 1, new EnclaveAttributes(AttributeFlags.None, 3), new DateOnly(2026, 1, 1));
        Assert.Equal("attributes", RefusedPart(image, noMode));
        Assert.Equal(machine.Platform.Counters.Total, machine.Platform.Counters.Free);

        string? RefusedPart(EnclaveImage loaded, SigStruct sigStruct)
        {
            var refusal = Assert.Throws<RefusedException>(() => machine.Platform.Launch(loaded, sigStruct)).Refusal;
            return refusal.Reason == SimulationReasons.LaunchRefused ? refusal.Location?.Part : null;
        }
    }

    [Fact]
    public void An_enclave_takes_its_pages_and_gives_them_back()
    {
        var before = machine.Platform.Counters;
        var enclave = machine.Launch();
        Assert.Equal((1, before.Free - 4), (machine.Platform.Counters.Enclaves, machine.Platform.Counters.Free));
        var code = new byte[1];
        enclave.Read(0, code);
        Assert.Equal(1, code[0]);
        enclave.Dispose();
        Assert.Equal((0, before.Free), (machine.Platform.Counters.Enclaves, machine.Platform.Counters.Free));
    }

    [Fact]
    public void Concurrent_first_opens_get_one_machine()
    {
        using var folder = new TemporaryFolder();
        var image = EnclaveImage.FromBytes(new byte[] { 1 });
        var signed = TestMachine.Signer.Sign(
            image.Measure(), 1, 1, new EnclaveAttributes(AttributeFlags.Mode64Bit, 3), new DateOnly(2026, 1, 1));
        var keys = new string[16];
        Parallel.For(0, keys.Length, i =>
        {
            using var platform = SimulatedPlatform.Open(folder.File("machine"), 1024 * 1024);
            using var enclave = platform.Launch(image, signed);
            var key = new byte[16];
            enclave.GetKey(new KeyRequest { Name = KeyName.Seal, Policy = KeyPolicy.MrEnclave }, key);
            keys[i] = Convert.ToHexString(key);
        });
        Assert.Single(keys.Distinct());
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(folder.File("machine/fuses")));
    }

    [Fact]
    public void A_folder_that_holds_something_else_is_no_machine()
    {
        using var folder = new TemporaryFolder();
        folder.Write("fuses", "something else");
        Assert.Contains(
            "fuses", Assert.Throws<InvalidDataException>(() => SimulatedPlatform.Open(folder.Path)).Message, StringComparison.Ordinal);
    }
}
