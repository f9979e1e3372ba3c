using Guardian.Sgx.Measurement;

namespace Guardian.Sgx.Tests.Measurement;

public class SigStructTests
{
    private const string IntelLaunchEnclave = "acb77012053e05a63d413b8bbae8fb6c5d73b3f2996d91c43bbbf90959c0f8d4";

    [Theory]
    [InlineData("fortanix_test_enclave.sig", "784acfd7d5096a8f0fbd3265760bff21b120f62407a9a9e5ba31aa3c8ed198fc",
        "fb4bab3d6036ac1d730fa83d7366df1dd2dfeac194ef335d6854d8a6c6475542", 4UL, 3UL, 0xFFFFFFFFFFFFFFFDUL, 0xFFFFFFFFFFFFFF1BUL, 65535, 0,
        "20161214")]
    [InlineData("intel_le_prod_css_sdk2.25.bin", "7881af9f9def547da9908c008f29cde9bd78064e36ac7e14c83c294ca4806150", IntelLaunchEnclave,
        0x24UL, 3UL, 0xFF00FFFFFFFFFFFFUL, 0xFFFFFFFFFFFFFF1BUL, 32, 7, "20240811")]
    [InlineData("intel_le_prod_css_sdk2.10.bin", "30498a2cb6827581d29f595da1781379fd2a676c90477f449b023eb2e9407a53", IntelLaunchEnclave,
        0x24UL, 3UL, 0xFFFFFFFFFFFFFFFFUL, 0xFFFFFFFFFFFFFF1BUL, 32, 5, "20200616")]
    [InlineData("intel_le_prod_css_sdk2.4.bin", "c2c7a1829d0d6b7baa150b30bfe1524e12db7db19256c9192630268837dba3bf", IntelLaunchEnclave,
        0x24UL, 3UL, 0xFFFFFFFFFFFFFFFFUL, 0xFFFFFFFFFFFFFFFBUL, 32, 3, "20181121")]
    [InlineData("intel_le_prod_css_sdk1.7.bin", "8050122c5f999a28624b23ddd85b0483caedae3f38a29d192758798e6785d090", IntelLaunchEnclave,
        0x24UL, 3UL, 0xFFFFFFFFFFFFFFFFUL, 0xFFFFFFFFFFFFFFFBUL, 32, 1, "20161116")]
    public void Signatures_of_others_are_read_and_verify(
        string file, string hash, string signer, ulong flags, ulong xfrm, ulong flagsMask, ulong xfrmMask, int product, int version,
        string date)
    {
        Assert.True(SigStruct.TryRead(Load(file), out var read));
        Assert.Equal(
            (hash, signer, new EnclaveAttributes((AttributeFlags)flags, xfrm), new EnclaveAttributes((AttributeFlags)flagsMask, xfrmMask),
            product, version, date, 0U),
            (read!.EnclaveHash.ToString(), read.Signer.ToString(), read.Attributes, read.AttributeMask, read.IsvProdId, read.IsvSvn,
            read.Date, read.MiscSelect));
        Assert.True(read.Verify());
    }

    [Fact]
    public void Every_altered_byte_is_refused()
    {
        var bytes = Load("intel_le_prod_css_sdk2.25.bin");
        for (var i = 0; i < bytes.Length; i++)
        {
            bytes[i] ^= 1;
            Assert.False(SigStruct.TryRead(bytes, out var read) && read!.Verify(), $"byte {i}");
            bytes[i] ^= 1;
        }
    }

    [Fact]
    public void Attributes_of_control_flow_enforcement_are_read_and_are_not_reserved()
    {
        var bytes = Load("fortanix_test_enclave.sig");
        (bytes[908], bytes[909]) = (0x2D, 0xFD);
        Assert.True(SigStruct.TryRead(bytes, out var read));
        Assert.Equal((0x2D, 0xFD), (read!.CetAttributes, read.CetAttributesMask));
        Assert.False(read.Verify());
        foreach (var reserved in new[] { 910, 911 })
        {
            bytes[reserved] = 1;
            Assert.False(SigStruct.TryRead(bytes, out _), $"byte {reserved}");
            bytes[reserved] = 0;
        }
    }

    [Fact]
    public void Another_size_is_refused()
    {
        var bytes = Load("fortanix_test_enclave.sig");
        Assert.False(SigStruct.TryRead(bytes.AsSpan(1), out _));
        Assert.False(SigStruct.TryRead([.. bytes, 0], out _));
        Assert.False(SigStruct.TryRead([], out _));
    }

    [Fact]
    public void What_our_signer_signs_verifies_and_says_what_was_asked()
    {
        Assert.True(MrEnclave.TryParse(IntelLaunchEnclave, out var hash));
        var signed = TestMachine.Signer.Sign(
            hash, 7, 8, new EnclaveAttributes(AttributeFlags.Mode64Bit | AttributeFlags.Kss, 7), new DateOnly(2026, 11, 24));
        Assert.True(SigStruct.TryRead(signed.Bytes.Span, out var read));
        Assert.True(read!.Verify());
        Assert.Equal(SigStruct.Size, read.Bytes.Length);
        Assert.Equal(
            (hash, (ushort)7, (ushort)8, "20261124", TestMachine.Signer.MrSigner,
            new EnclaveAttributes(AttributeFlags.Mode64Bit | AttributeFlags.Kss, 7)),
            (read.EnclaveHash, read.IsvProdId, read.IsvSvn, read.Date, read.Signer, read.Attributes));
    }

    [Fact]
    public void A_signer_is_kept_in_its_file()
    {
        using var folder = new TemporaryFolder();
        using var first = EnclaveSigner.LoadOrCreate(folder.File("signer.pem"));
        using var again = EnclaveSigner.LoadOrCreate(folder.File("signer.pem"));
        Assert.Equal(first.MrSigner, again.MrSigner);
        File.WriteAllText(folder.File("signer.pem"), "no key");
        Assert.Throws<InvalidDataException>(() => EnclaveSigner.LoadOrCreate(folder.File("signer.pem")));
    }

    private static byte[] Load(string file) => File.ReadAllBytes(Repository.File("tests", "vectors", "sgx", file));
}
