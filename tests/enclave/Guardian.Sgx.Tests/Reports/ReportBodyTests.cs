using Guardian.Sgx.Measurement;
using Guardian.Sgx.Reports;

namespace Guardian.Sgx.Tests.Reports;

public class ReportBodyTests
{
    private static readonly int[] Reserved = [21, 31, 96, 127, 160, 191, 262, 303];

    [Fact]
    public void A_report_body_is_written_as_it_was_read()
    {
        var bytes = new byte[ReportBody.Size];
        new Random(1).NextBytes(bytes);
        ClearReserved(bytes);
        Assert.True(ReportBody.TryRead(bytes, out var body));
        Assert.Equal(BitConverter.ToUInt16(bytes, 256), body!.IsvProdId);
        Assert.Equal(BitConverter.ToUInt16(bytes, 258), body.IsvSvn);
        Assert.Equal((bytes[20], bytes[20]), (body.CetAttributes, TargetInfo.Of(body)[48]));
        Assert.Equal(Convert.ToHexStringLower(bytes.AsSpan(64, 32)), body.MrEnclave.ToString());
        Assert.Equal(Convert.ToHexStringLower(bytes.AsSpan(128, 32)), body.MrSigner.ToString());
        var written = new byte[ReportBody.Size];
        body.Write(written);
        Assert.Equal(bytes, written);
    }

    [Fact]
    public void Another_size_or_a_reserved_byte_is_refused()
    {
        Assert.False(ReportBody.TryRead(new byte[383], out _));
        Assert.False(ReportBody.TryRead(new byte[385], out _));
        foreach (var offset in Reserved)
        {
            var bytes = new byte[ReportBody.Size];
            bytes[offset] = 1;
            Assert.False(ReportBody.TryRead(bytes, out _), $"byte {offset}");
        }
    }

    [Theory]
    [InlineData("0123456789abcdef0123456789abcdef0123456789abcdef0123456789ABCDEF", true)]
    [InlineData("0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcde", false)]
    [InlineData("0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdeg", false)]
    [InlineData("", false)]
    [InlineData(null, false)]
    public void Measurements_are_64_hex_digits(string? text, bool good)
    {
        Assert.Equal(good, MrEnclave.TryParse(text, out var value));
        Assert.True(!good || string.Equals(value.ToString(), text, StringComparison.OrdinalIgnoreCase));
        Assert.Equal(good, MrSigner.TryParse(text, out _));
    }

    private static void ClearReserved(byte[] bytes)
    {
        foreach (var (start, size) in new[] { (21, 11), (96, 32), (160, 32), (262, 42) })
        {
            bytes.AsSpan(start, size).Clear();
        }
    }
}
