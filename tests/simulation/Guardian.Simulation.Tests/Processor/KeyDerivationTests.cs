using Guardian.Sgx;
using Guardian.Sgx.Keys;
using Guardian.Sgx.Measurement;
using Guardian.Sgx.Tests;
using Guardian.Simulation.Processor;

namespace Guardian.Simulation.Tests.Processor;

/// <summary>EGETKEY: the permission for each key, and the inputs of each key.</summary>
public sealed class KeyDerivationTests : IDisposable
{
    private const AttributeFlags Kss = AttributeFlags.Mode64Bit | AttributeFlags.Kss;

    private static readonly KeyRequest Seal = new() { Name = KeyName.Seal, Policy = KeyPolicy.MrEnclave };

    private readonly TestMachine machine = new();

    public void Dispose() => machine.Dispose();

    [Fact]
    public void The_same_request_gives_the_same_key_also_after_a_restart()
    {
        using var enclave = machine.Launch();
        using var again = SimulatedPlatform.Open(machine.Folder, 1024 * 1024);
        var image = EnclaveImage.FromBytes(new byte[] { 1 });
        using var same = again.Launch(
            image,
            TestMachine.Signer.Sign(image.Measure(), 1, 3, new EnclaveAttributes(AttributeFlags.Mode64Bit, 3), new DateOnly(2026, 5, 5)));
        Assert.Equal(Key(enclave, Seal), Key(same, Seal));
    }

    [Fact]
    public void Every_input_changes_the_seal_key()
    {
        using var enclave = machine.Launch(flags: Kss);
        using var debug = machine.Launch(flags: Kss | AttributeFlags.Debug);
        using var other = machine.Launch(2, flags: Kss);
        using var product = machine.Launch(2, isvProdId: 9, flags: Kss);
        using var elsewhere = new TestMachine();
        using var same = elsewhere.Launch(flags: Kss);
        KeyRequest[] requests =
        [
            Seal,
            Seal with { Policy = KeyPolicy.MrSigner },
            Seal with { Policy = KeyPolicy.MrSigner | KeyPolicy.MrEnclave },
            Seal with { Policy = KeyPolicy.None },
            Seal with { Policy = KeyPolicy.MrEnclave | KeyPolicy.NoIsvProdId },
            Seal with { Policy = KeyPolicy.MrEnclave | KeyPolicy.ConfigId },
            Seal with { Policy = KeyPolicy.MrEnclave | KeyPolicy.IsvFamilyId },
            Seal with { Policy = KeyPolicy.MrEnclave | KeyPolicy.IsvExtProdId },
            Seal with { IsvSvn = 2 },
            Seal with { CpuSvn = new byte[] { 1 } },
            Seal with { KeyId = new byte[] { 1 } },
            Seal with { MiscMask = 1 },
            Seal with { CetAttributesMask = 1 },
            Seal with { AttributeMask = new EnclaveAttributes(AttributeFlags.Mode64Bit, 0) },
            Seal with { AttributeMask = new EnclaveAttributes(0, 1) },
        ];
        var keys = requests.Select(request => Key(enclave, request))
            .Append(Key(debug, Seal)).Append(Key(other, Seal)).Append(Key(same, Seal))
            .Append(Key(product, Seal with { Policy = KeyPolicy.MrSigner }))
            .Append(Key(enclave, new KeyRequest { Name = KeyName.Report }))
            .ToList();
        Assert.Equal(keys.Count, keys.Distinct().Count());
        Assert.Equal(Key(other, Seal with { Policy = KeyPolicy.MrSigner }), Key(enclave, Seal with { Policy = KeyPolicy.MrSigner }));
        Assert.Equal(Key(product, Seal with { Policy = KeyPolicy.MrSigner | KeyPolicy.NoIsvProdId }),
            Key(enclave, Seal with { Policy = KeyPolicy.MrSigner | KeyPolicy.NoIsvProdId }));
    }

    [Fact]
    public void Keys_that_need_an_attribute_are_refused_without_it()
    {
        using var plain = machine.Launch();
        using var provisioning = machine.Launch(flags: AttributeFlags.Mode64Bit | AttributeFlags.ProvisionKey);
        using var launch = machine.Launch(flags: AttributeFlags.Mode64Bit | AttributeFlags.EInitTokenKey);
        Assert.Equal(KeyError.InvalidAttribute, Error(plain, new KeyRequest { Name = KeyName.Provision }));
        Assert.Equal(KeyError.InvalidAttribute, Error(plain, new KeyRequest { Name = KeyName.ProvisionSeal }));
        Assert.Equal(KeyError.InvalidAttribute, Error(plain, new KeyRequest { Name = KeyName.EInitToken }));
        Assert.Equal(KeyError.InvalidAttribute, Error(plain, Seal with { Policy = KeyPolicy.ConfigId }));
        Assert.Equal(KeyError.InvalidAttribute, Error(plain, Seal with { Policy = (KeyPolicy)0x8000 }));
        Assert.Equal(KeyError.Success, Error(provisioning, new KeyRequest { Name = KeyName.Provision }));
        Assert.Equal(KeyError.Success, Error(provisioning, new KeyRequest { Name = KeyName.ProvisionSeal }));
        Assert.Equal(KeyError.Success, Error(launch, new KeyRequest { Name = KeyName.EInitToken }));
    }

    [Fact]
    public void Versions_above_ones_own_are_refused_and_leave_no_key()
    {
        using var enclave = machine.Launch(isvSvn: 3);
        Assert.Equal(KeyError.InvalidIsvSvn, Error(enclave, Seal with { IsvSvn = 4 }));
        Assert.Equal(KeyError.InvalidCpuSvn, Error(enclave, Seal with { CpuSvn = new byte[] { 0, 0, 2 } }));
        Assert.Equal(KeyError.InvalidKeyName, Error(enclave, new KeyRequest { Name = (KeyName)5 }));
        var key = Enumerable.Repeat((byte)7, 16).ToArray();
        enclave.GetKey(Seal with { IsvSvn = 4 }, key);
        Assert.Equal(new byte[16], key);
    }

    [Fact]
    public void A_request_is_written_as_it_was_read_and_reserved_bytes_are_refused()
    {
        var bytes = new byte[KeyRequest.Size];
        new Random(2).NextBytes(bytes.AsSpan(0, 78));
        bytes[7] = 0;
        Assert.True(KeyRequest.TryRead(bytes, out var request));
        var written = new byte[KeyRequest.Size];
        request!.Write(written);
        Assert.Equal(bytes, written);
        foreach (var offset in new[] { 7, 78, 511 })
        {
            var altered = bytes.ToArray();
            altered[offset] = 1;
            Assert.False(KeyRequest.TryRead(altered, out _), $"byte {offset}");
        }
        Assert.False(KeyRequest.TryRead(bytes.AsSpan(1), out _));
    }

    private static string Key(SimulatedEnclave enclave, KeyRequest request)
    {
        var key = new byte[16];
        Assert.Equal(KeyError.Success, enclave.GetKey(request, key));
        return Convert.ToHexString(key);
    }

    private static KeyError Error(SimulatedEnclave enclave, KeyRequest request) => enclave.GetKey(request, new byte[16]);
}
