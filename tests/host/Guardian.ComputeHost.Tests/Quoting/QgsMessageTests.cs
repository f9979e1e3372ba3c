using Guardian.ComputeHost.Quoting;

namespace Guardian.ComputeHost.Tests.Quoting;

/// <summary>Messages of Intel's quote generation service, byte for byte as its header file describes them.</summary>
public class QgsMessageTests
{
    private static readonly byte[] Report = [.. Enumerable.Range(0, 1024).Select(each => (byte)(each & 0xFF))];

    [Fact]
    public void A_request_for_a_quote_has_the_bytes_that_QEMU_sends()
    {
        var frame = new QgsMessage(QgsMessageType.QuoteRequest, QgsError.None, [Report, ReadOnlyMemory<byte>.Empty]).ToFrame();
        // Size, big-endian: 24 + 1024. Header: version 1.1, type 0, size, error 0. Then report_size and id_list_size.
        Assert.Equal(
            "00000418" + "01000100" + "00000000" + "18040000" + "00000000" + "00040000" + "00000000",
            Convert.ToHexString(frame.AsSpan(0, 28)));
        Assert.Equal(Report, frame[28..]);
    }

    [Theory]
    [InlineData(QgsMessageType.QuoteRequest, 24)]
    [InlineData(QgsMessageType.CollateralRequest, 48)]
    [InlineData(QgsMessageType.PlatformInfoRequest, 28)]
    public void A_refusal_has_the_size_of_an_empty_response(QgsMessageType type, int size)
    {
        var bytes = QgsMessage.Refuse(type, QgsError.Unexpected).ToBytes();
        Assert.Equal(size, bytes.Length);
        Assert.Equal((type + 1, QgsError.Unexpected), (QgsMessage.TryRead(bytes).Message!.Type, QgsMessage.TryRead(bytes).Message!.Error));
        Assert.Equal("01200100", Convert.ToHexString(bytes.AsSpan(12, 4)));
    }

    [Fact]
    public void An_error_code_that_nobody_knows_is_read()
    {
        var bytes = QgsMessage.Refuse(QgsMessageType.QuoteRequest, QgsError.Unexpected).ToBytes();
        bytes[15] = 0x83;
        var (message, _) = QgsMessage.TryRead(bytes);
        Assert.Equal(bytes, message!.ToBytes());
        Assert.NotEqual(QgsError.None, message.Error);
    }

    [Fact]
    public void What_is_written_is_read_back()
    {
        byte[] one = [1], many = [2, 3, 4];
        foreach (var message in new[]
        {
            new QgsMessage(QgsMessageType.QuoteResponse, QgsError.None, [ReadOnlyMemory<byte>.Empty, many]),
            new QgsMessage(QgsMessageType.CollateralRequest, QgsError.None, [many, one]),
            new QgsMessage(QgsMessageType.CollateralResponse, QgsError.None, [one, many, one, many, one, many, one], 3, 1),
            new QgsMessage(QgsMessageType.PlatformInfoRequest, QgsError.None, []),
            new QgsMessage(QgsMessageType.PlatformInfoResponse, QgsError.None, [many, one], 4, 13),
        })
        {
            var (read, error) = QgsMessage.TryRead(message.ToBytes());
            Assert.Equal(QgsError.None, error);
            Assert.Equal((message.Type, message.First, message.Second), (read!.Type, read.First, read.Second));
            Assert.Equal(message.Parts.Select(part => part.ToArray()), read.Parts.Select(part => part.ToArray()));
        }
    }

    [Theory]
    [InlineData("", QgsError.InvalidParameter)]
    [InlineData("0100010000000000180000000000", QgsError.InvalidParameter)]
    [InlineData("020001000000000018000000000000000000000000000000", QgsError.InvalidVersion)]
    [InlineData("010001000600000018000000000000000000000000000000", QgsError.InvalidType)]
    [InlineData("010001000000000019000000000000000000000000000000", QgsError.InvalidSize)]
    [InlineData("010001000000000018000000010000000000000000000000", QgsError.InvalidCode)]
    [InlineData("010001000000000018000000000000000100000000000000", QgsError.InvalidSize)]
    [InlineData("01000100000000001800000000000000ffffffffffffffff", QgsError.InvalidSize)]
    [InlineData("01000100000000001000000000000000", QgsError.InvalidSize)]
    [InlineData("0100010004000000110000000000000000", QgsError.InvalidSize)]
    public void A_malformed_message_is_refused(string hex, QgsError error)
    {
        var (message, found) = QgsMessage.TryRead(Convert.FromHexString(hex));
        Assert.Null(message);
        Assert.Equal(error, found);
    }

    [Theory]
    [InlineData("unix:/run/guardian/quoting.sock", "unix:/run/guardian/quoting.sock")]
    [InlineData("vsock:2:4050", "vsock:2:4050")]
    [InlineData("vsock:4050", "vsock:4050")]
    [InlineData("unix:", null)]
    [InlineData("vsock:2:port", null)]
    [InlineData("vsock:4294967295", null)]
    [InlineData("tcp:1:2", null)]
    [InlineData(null, null)]
    public void An_address_is_a_path_or_a_port(string? text, string? expected) =>
        Assert.Equal(expected, QuotingAddress.TryParse(text)?.ToString());
}
