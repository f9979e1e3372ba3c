using Guardian.Sgx.Enclaves;
using Guardian.Sgx.Keys;
using Guardian.Simulation.Processor;

namespace Guardian.Sgx.Tests.Enclaves;

public sealed class SealingTests : IDisposable
{
    private readonly TestMachine machine = new();

    public void Dispose() => machine.Dispose();

    [Theory]
    [InlineData(KeyPolicy.MrEnclave, 1, 3, false, true)]
    [InlineData(KeyPolicy.MrEnclave, 2, 3, false, false)]
    [InlineData(KeyPolicy.MrEnclave, 1, 4, false, true)]
    [InlineData(KeyPolicy.MrSigner, 2, 3, false, true)]
    [InlineData(KeyPolicy.MrSigner, 2, 4, false, true)]
    [InlineData(KeyPolicy.MrSigner, 2, 2, false, false)]
    [InlineData(KeyPolicy.MrSigner, 1, 3, true, false)]
    public void The_policy_says_who_can_unseal(KeyPolicy policy, byte code, ushort isvSvn, bool otherSigner, bool opens)
    {
        using var enclave = machine.Launch(1, isvSvn: 3);
        var blob = Sealing.Seal(enclave, policy, "secret"u8, "name"u8);
        using var other = machine.Launch(code, isvSvn: isvSvn, signer: otherSigner ? TestMachine.OtherSigner : null);
        Assert.Equal(opens, Sealing.TryUnseal(other, blob, "name"u8, out var plaintext));
        Assert.Equal(opens ? "secret"u8.ToArray() : [], plaintext);
    }

    [Fact]
    public void Another_product_another_machine_and_a_debug_enclave_cannot_unseal()
    {
        using var enclave = machine.Launch();
        var blob = Sealing.Seal(enclave, KeyPolicy.MrSigner, "secret"u8);
        using var product = machine.Launch(isvProdId: 2);
        using var debug = machine.Launch(flags: AttributeFlags.Mode64Bit | AttributeFlags.Debug);
        using var elsewhere = new TestMachine();
        using var same = elsewhere.Launch();
        Assert.False(Sealing.TryUnseal(product, blob, [], out _));
        Assert.False(Sealing.TryUnseal(debug, blob, [], out _));
        Assert.False(Sealing.TryUnseal(same, blob, [], out _));
        Assert.True(Sealing.TryUnseal(enclave, blob, [], out _));
    }

    [Fact]
    public void Any_altered_byte_any_cut_and_other_authenticated_data_are_refused()
    {
        using var enclave = machine.Launch();
        var blob = Sealing.Seal(enclave, KeyPolicy.MrEnclave, "secret"u8, "name"u8);
        Assert.False(Sealing.TryUnseal(enclave, blob, "other"u8, out _));
        for (var i = 0; i < blob.Length; i++)
        {
            blob[i] ^= 0x10;
            Assert.False(Sealing.TryUnseal(enclave, blob, "name"u8, out _), $"byte {i}");
            blob[i] ^= 0x10;
            Assert.False(Sealing.TryUnseal(enclave, blob.AsSpan(0, i), "name"u8, out _));
        }
    }

    [Fact]
    public void A_derived_key_is_that_of_one_code_one_machine_and_one_purpose()
    {
        static string Derive(IEnclave enclave, string purpose)
        {
            var key = new byte[32];
            Sealing.DeriveKey(enclave, System.Text.Encoding.UTF8.GetBytes(purpose), key);
            return Convert.ToHexString(key);
        }
        using var enclave = machine.Launch(1);
        using var again = machine.Launch(1);
        using var otherCode = machine.Launch(2);
        using var elsewhere = new TestMachine();
        using var otherMachine = elsewhere.Launch(1);
        Assert.Equal(Derive(enclave, "modules"), Derive(again, "modules"));
        string[] keys =
            [Derive(enclave, "modules"), Derive(enclave, "others"), Derive(otherCode, "modules"), Derive(otherMachine, "modules")];
        Assert.Distinct(keys);
    }

    [Fact]
    public void The_same_secret_is_sealed_differently_each_time()
    {
        using var enclave = machine.Launch();
        Assert.NotEqual(Sealing.Seal(enclave, KeyPolicy.MrEnclave, "secret"u8), Sealing.Seal(enclave, KeyPolicy.MrEnclave, "secret"u8));
    }
}
