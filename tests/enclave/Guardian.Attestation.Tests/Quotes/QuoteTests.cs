using System.Buffers.Binary;
using Guardian.Attestation.Quotes;
using Guardian.Refusals;

namespace Guardian.Attestation.Tests.Quotes;

public class QuoteTests
{
    // Offsets of lengths in a quote with 32 bytes of QE authentication data.
    private const int SignatureDataSize = 432;
    private const int AuthenticationSize = 436 + 64 + 64 + 384 + 64;
    private const int CertificationSize = AuthenticationSize + 2 + 32 + 2;

    [Theory]
    [InlineData("sgx3-processor-cfg-and-swh", 4598)]
    [InlineData("sgx3-platform-swh-nocrl", 4600)]
    public void Quotes_of_real_processors_are_read(string file, int atLeast)
    {
        var bytes = File.ReadAllBytes(Repository.File("tests", "vectors", "dcap", file, "quote.bin"));
        var quote = Quote.TryParse(bytes).Value!;
        Assert.Equal(((ushort)3, (ushort)5, 32), (quote.Version, quote.CertificationDataType, quote.QeAuthenticationData.Length));
        Assert.True(bytes.Length >= atLeast && quote.Bytes.Length <= bytes.Length);
        Assert.StartsWith(
            "-----BEGIN CERTIFICATE-----", System.Text.Encoding.ASCII.GetString(quote.CertificationData.Span), StringComparison.Ordinal);
        Assert.Equal("8c4f5775d796503e96137f77c68a829a0056ac8ded70140b081b094490c57bff", quote.QeReport.MrSigner.ToString());
    }

    [Fact]
    public void Every_truncation_is_refused_as_such()
    {
        for (var size = 0; size < TestPlatform.Quote.Length; size++)
        {
            var refusal = Quote.TryParse(TestPlatform.Quote.AsMemory(0, size)).Refusal!;
            Assert.Equal(QuoteStage.Parse, refusal.Stage);
            Assert.True(refusal.Location!.Offset <= size);
        }
    }

    [Theory]
    [InlineData(SignatureDataSize, 4)]
    [InlineData(AuthenticationSize, 2)]
    [InlineData(CertificationSize, 4)]
    public void Lengths_that_lie_are_refused(int offset, int size)
    {
        foreach (var lie in new[] { 0L, 1, -1, 100_000, int.MaxValue, uint.MaxValue })
        {
            var bytes = TestPlatform.Quote.ToArray();
            var stated = size == 2
                ? BinaryPrimitives.ReadUInt16LittleEndian(bytes.AsSpan(offset))
                : BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(offset));
            var value = lie is 1 or -1 ? stated + lie : lie;
            var rest = BinaryPrimitives.ReadInt64LittleEndian(bytes.AsSpan(offset)) & (-1L << (8 * size));
            BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(offset, 8), (value & (size == 2 ? 0xFFFF : 0xFFFFFFFF)) | rest);
            Assert.Equal(QuoteStage.Parse, Quote.TryParse(bytes).Refusal!.Stage);
        }
    }

    [Theory]
    [InlineData(0, 6, "unsupported-version")]
    [InlineData(2, 3, "unsupported-key-type")]
    [InlineData(4, 1, "unsupported-tee")]
    [InlineData(12, 0, "unknown-vendor")]
    [InlineData(48 + 21, 1, "reserved-not-zero")]
    public void Fields_of_the_header_are_checked(int offset, byte value, string reason)
    {
        var bytes = TestPlatform.Quote.ToArray();
        bytes[offset] = value;
        Assert.Equal(reason, Quote.TryParse(bytes).Refusal!.Code);
    }

    [Fact]
    public void Zeros_may_follow_and_nothing_else()
    {
        Assert.NotNull(Quote.TryParse((byte[])[.. TestPlatform.Quote, .. new byte[70]]).Value);
        Assert.Equal("trailing-bytes", Quote.TryParse((byte[])[.. TestPlatform.Quote, 0, 1]).Refusal!.Code);
        Assert.Equal("too-large", Quote.TryParse(new byte[Quote.MaxSize + 1]).Refusal!.Code);
    }
}
