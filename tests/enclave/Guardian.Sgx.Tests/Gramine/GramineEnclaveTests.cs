using Guardian.Sgx.Enclaves;
using Guardian.Sgx.Gramine;
using Guardian.Sgx.Keys;

namespace Guardian.Sgx.Tests.Gramine;

/// <summary>Runs against a folder that imitates <c>/dev/attestation</c>, without hardware.</summary>
public sealed class GramineEnclaveTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public GramineEnclaveTests()
    {
        folder.Write("attestation_type", "dcap\0");
        File.WriteAllBytes(folder.File("my_target_info"), new byte[512]);
        var report = new byte[432];
        report[64] = 0xAB;
        report[258] = 7;
        File.WriteAllBytes(folder.File("report"), report);
        File.WriteAllBytes(folder.File("quote"), new byte[4_600]);
        Directory.CreateDirectory(folder.File("keys"));
        File.WriteAllBytes(folder.File("keys/_sgx_mrenclave"), [.. Enumerable.Repeat((byte)1, 16)]);
        File.WriteAllBytes(folder.File("keys/_sgx_mrsigner"), [.. Enumerable.Repeat((byte)2, 16)]);
    }

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Without_gramine_or_with_another_attestation_there_is_no_hardware()
    {
        Assert.Null(GramineEnclave.TryOpen(folder.File("absent")));
        folder.Write("attestation_type", "epid");
        Assert.Null(GramineEnclave.TryOpen(folder.Path));
    }

    [Fact]
    public void Report_and_quote_are_asked_for_as_gramine_documents_it()
    {
        using var enclave = GramineEnclave.TryOpen(folder.Path)!;
        Assert.Equal((PlatformKind.Hardware, (ushort)7), (enclave.Platform, enclave.Identity.IsvSvn));
        Assert.StartsWith("ab", enclave.Identity.MrEnclave.ToString(), StringComparison.Ordinal);
        var data = Enumerable.Repeat((byte)5, 64).ToArray();
        Assert.Equal(4_600, enclave.CreateQuote(data).Length);
        Assert.Equal(data, File.ReadAllBytes(folder.File("user_report_data")));
        var target = Enumerable.Repeat((byte)6, 512).ToArray();
        Assert.Equal(432, enclave.CreateReport(target, data).Length);
        Assert.Equal(target, File.ReadAllBytes(folder.File("target_info")));
    }

    [Fact]
    public void Seal_keys_differ_by_policy_and_key_id_and_other_keys_are_not_to_be_had()
    {
        using var enclave = GramineEnclave.TryOpen(folder.Path)!;
        var request = new KeyRequest { Name = KeyName.Seal, Policy = KeyPolicy.MrEnclave };
        var keys = new[] { request, request with { Policy = KeyPolicy.MrSigner }, request with { KeyId = new byte[] { 1 } } }.Select(each =>
        {
            var key = new byte[16];
            Assert.Equal(KeyError.Success, enclave.GetKey(each, key));
            return Convert.ToHexString(key);
        });
        Assert.Equal(3, keys.Distinct().Count());
        Assert.Equal(KeyError.InvalidKeyName, enclave.GetKey(new KeyRequest { Name = KeyName.Provision }, new byte[16]));
        Assert.Equal(KeyError.InvalidAttribute, enclave.GetKey(request with { Policy = KeyPolicy.None }, new byte[16]));
    }

    [Fact]
    public void Sealing_works_with_gramines_keys()
    {
        using var enclave = GramineEnclave.TryOpen(folder.Path)!;
        var blob = Sealing.Seal(enclave, KeyPolicy.MrEnclave, "secret"u8);
        Assert.True(Sealing.TryUnseal(enclave, blob, [], out var plaintext));
        Assert.Equal("secret"u8, plaintext);
    }

    [Theory]
    [InlineData("report", 431)]
    [InlineData("my_target_info", 0)]
    public void Files_of_another_size_are_explained(string name, int size)
    {
        File.WriteAllBytes(folder.File(name), new byte[size]);
        Assert.Contains($"{size} bytes", Assert.Throws<InvalidDataException>(() => GramineEnclave.TryOpen(folder.Path)).Message,
            StringComparison.Ordinal);
    }
}
