using System.Net.Sockets;
using Guardian.Refusals;

namespace Guardian.ComputeHost.Quoting;

/// <summary>Asks a quoting service (Intel's QGS protocol): the guest's end. Thread-safe.</summary>
/// <param name="address">The service's address.</param>
public sealed class QuotingClient(QuotingAddress address)
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    /// <summary>Asks for a quote of a report.</summary>
    /// <param name="report">The report, whose target is the host's quoting enclave.</param>
    /// <returns>The quote, not verified; or a reason of <see cref="QuotingReasons"/>.</returns>
    public Outcome<byte[]> GetQuote(ReadOnlyMemory<byte> report)
    {
        var (answer, refusal) = Ask(new QgsMessage(QgsMessageType.QuoteRequest, QgsError.None, [report, ReadOnlyMemory<byte>.Empty]));
        return answer is null ? refusal!
            : answer.Parts[1].Length > 0 ? answer.Parts[1].ToArray()
            : QuotingReasons.BadAnswer.Because($"{address} gave an empty quote");
    }

    /// <summary>Sends a request and reads its answer.</summary>
    /// <param name="request">The request.</param>
    /// <returns>The answer, without an error; or a reason of <see cref="QuotingReasons"/>.</returns>
    public Outcome<QgsMessage> Ask(QgsMessage request)
    {
        ArgumentNullException.ThrowIfNull(request);
        byte[]? bytes;
        try
        {
            using var socket = address.Connect();
            var connection = new QgsConnection(socket, Limit);
            connection.Write(request);
            bytes = connection.Read(QgsMessage.MaxResponseSize);
        }
        catch (Exception failure) when (failure is IOException or SocketException)
        {
            return QuotingReasons.Unreachable.Because($"{address}: {failure.Message}");
        }
        if (bytes is null)
        {
            return QuotingReasons.BadAnswer.Because($"{address} closed the connection without an answer");
        }
        var (answer, _) = QgsMessage.TryRead(bytes);
        return answer?.Type != request.Type + 1
                ? QuotingReasons.BadAnswer.Because($"{address} gave something else than an answer to {request.Type}")
            : answer.Error != QgsError.None
                ? QuotingReasons.Refused.Because($"{address} answers {request.Type} with error 0x{(int)answer.Error:x}")
            : answer;
    }
}
