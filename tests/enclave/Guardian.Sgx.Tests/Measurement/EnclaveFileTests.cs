using Guardian.Refusals;
using Guardian.Sgx.Measurement;

namespace Guardian.Sgx.Tests.Measurement;

public class EnclaveFileTests
{
    [Theory]
    [InlineData("synth_sdk_a.signed.so", "e3f6e92e03cb07bc2f06bb615ed52e698f078f12c57deffa37b5e75930b41a8f",
        "7719e97a95969f53bc7e9d5137df715f0badb92a8eeb943989d00e5a028003c2")]
    [InlineData("synth_sdk_b.signed.so", "74911481651b706e7ddaaab4f3519e6a048a25c0a6d82d73696eb3e9f3cd56c6",
        "24f58a2b18f903a47f8fdafa9b12a50f0f8bdf0ac671b0d15c0758e03e2e8e1c")]
    public void An_enclave_of_the_sdk_measures_as_it_was_signed(string file, string mrEnclave, string mrSigner)
    {
        var enclave = Assert.Single(SdkEnclave.ReadAll(Load(file)).Value!);
        Assert.True(enclave.SigStruct.Verify());
        Assert.Equal((mrEnclave, mrSigner), (enclave.SigStruct.EnclaveHash.ToString(), enclave.SigStruct.Signer.ToString()));
        Assert.Equal(mrEnclave, enclave.MrEnclave.ToString());
    }

    [Theory]
    [InlineData(0x4120, 0)]
    [InlineData(0x6120, 0x1000)]
    public void The_loader_of_2017_adds_a_page_after_segments(ulong lastAddress, ulong between)
    {
        // The added page is as a page more of zeros in the segment. A later loader measures the larger segments, and that is signed.
        var later = WithSegments(lastAddress, second: 0xED7 + between, last: 0x27E4 + 0x1000);
        var signed = TestMachine.Signer.Sign(
            SdkEnclave.ReadAll(later).Value!.Single().MrEnclave, 1, 1, new EnclaveAttributes(AttributeFlags.Mode64Bit, 3),
            new DateOnly(2017, 7, 1));
        var file = WithSegments(lastAddress, second: 0xED7, last: 0x27E4);
        var metadata = file.AsSpan().IndexOf(Convert.FromHexString("4C0E5D639402A886"));
        signed.Bytes.Span.CopyTo(file.AsSpan(metadata + 64));

        // Version 4, as every file was measured before.
        var naive = SdkEnclave.ReadAll(file).Value!.Single();
        Assert.NotEqual(naive.SigStruct.EnclaveHash, naive.MrEnclave);
        file[metadata + 8] = 3;
        var enclave = SdkEnclave.ReadAll(file).Value!.Single();
        Assert.Equal((0x1_0000_0003UL, true), (enclave.MetadataVersion, enclave.SigStruct.Verify()));
        Assert.Equal(enclave.SigStruct.EnclaveHash, enclave.MrEnclave);

        static byte[] WithSegments(ulong lastAddress, ulong second, ulong last)
        {
            var file = Load("synth_sdk_a.signed.so");
            // Program headers have 56 bytes; 16 address, 40 size in memory.
            BitConverter.TryWriteBytes(file.AsSpan(64 + 56 + 40), second);
            BitConverter.TryWriteBytes(file.AsSpan(64 + 112 + 16), lastAddress);
            BitConverter.TryWriteBytes(file.AsSpan(64 + 112 + 40), last);
            return file;
        }
    }

    [Fact]
    public void A_changed_byte_of_what_is_loaded_changes_the_measurement()
    {
        var file = Load("synth_sdk_a.signed.so");
        var original = SdkEnclave.ReadAll(file).Value!.Single().MrEnclave;
        file[0x1000] ^= 1;
        Assert.NotEqual(original, SdkEnclave.ReadAll(file).Value!.Single().MrEnclave);
    }

    [Fact]
    public void Damaged_files_are_explained_and_never_throw()
    {
        var file = Load("synth_sdk_b.signed.so");
        var random = new Random(4);
        for (var round = 0; round < 300; round++)
        {
            var damaged = file.ToArray();
            for (var change = 0; change < 40; change++)
            {
                damaged[random.Next(damaged.Length)] = (byte)random.Next(256);
            }
            var (enclaves, refusal) = SdkEnclave.ReadAll(damaged.AsSpan(0, random.Next(damaged.Length)));
            Assert.True(enclaves is { Count: > 0 } != refusal is not null);
        }
        Assert.Contains("is it signed?", SdkEnclave.ReadAll([]).Refusal!.Detail, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("synth_partial.sgxs", "1f471b6814e9d7bfc736a16112a853bdb3f063563b89e279d66ade79b1a4a846")]
    [InlineData("synth_tcs.sgxs", "bfa40e160cba7db8ddb3cfd8b5ad1c1b1d620ba193757c7d95e555ac4bc31da8")]
    public void A_stream_is_its_own_measurement(string file, string expected)
    {
        var stream = Load(file);
        Assert.Null(SgxsFile.TryMeasure(stream, out var measurement));
        Assert.Equal(expected, measurement.ToString());
        for (var size = 0; size < stream.Length; size += 7)
        {
            Assert.True(SgxsFile.TryMeasure(stream.AsSpan(0, size), out var cut) is null != (cut == default));
        }
        stream[64] = (byte)'X';
        var refusal = SgxsFile.TryMeasure(stream, out _)!;
        Assert.Equal((SgxReasons.NoEnclave, 64L), (refusal.Reason, refusal.Location!.Offset));
        Assert.Contains("byte 64", refusal.Detail, StringComparison.Ordinal);
    }

    private static byte[] Load(string file) => File.ReadAllBytes(Repository.File("tests", "vectors", "sgx", file));
}
