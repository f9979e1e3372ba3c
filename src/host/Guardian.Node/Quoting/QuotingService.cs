using System.Text;
using Guardian.Attestation.Collateral;
using Guardian.Attestation.Launch;
using Guardian.Attestation.Quotes;
using Guardian.ComputeHost.Quoting;

namespace Guardian.Node.Quoting;

/// <summary>Answers the messages of guests: quotes by the platform's quoting enclave, collateral from the host's store.</summary>
/// <param name="platform">The quoting enclave; null on hardware, where Intel's own software has it.</param>
/// <param name="collateral">The host's collateral; null when there is none.</param>
/// <param name="log">Receives a line for each refusal.</param>
internal sealed class QuotingService(IQuotingService? platform, ICollateralSource? collateral, Action<string> log)
{
    private const int FmspcSize = 6;

    // Version 3.1 of Intel's structure has revocation lists in DER.
    private const ushort CollateralMajor = 3;
    private const ushort CollateralMinor = 1;

    // Longer names of a CA do not exist.
    private const int MaxAuthoritySize = 16;

    /// <summary>Answers a message. Never throws for any content.</summary>
    /// <param name="bytes">The message.</param>
    /// <param name="peer">The guest, for the log.</param>
    /// <returns>The answer; null when the message names no request, and the connection is closed.</returns>
    public QgsMessage? Answer(ReadOnlyMemory<byte> bytes, string peer)
    {
        var (request, error) = QgsMessage.TryRead(bytes);
        if (request is null)
        {
            log($"{peer} sent a malformed message (0x{(int)error:x})");
            return null;
        }
        return request.Type switch
        {
            QgsMessageType.QuoteRequest => AnswerQuote(request, peer),
            QgsMessageType.CollateralRequest => AnswerCollateral(request, peer),
            QgsMessageType.PlatformInfoRequest => AnswerPlatform(peer),
            _ => null,
        };
    }

    private QgsMessage AnswerQuote(QgsMessage request, string peer)
    {
        if (platform is null)
        {
            return RefuseHardware(request.Type, peer);
        }
        // The list of identifiers may name attestation keys; this service has one.
        return platform.Quote(request.Parts[0].Span) is { } quote
            ? new QgsMessage(QgsMessageType.QuoteResponse, QgsError.None, [ReadOnlyMemory<byte>.Empty, quote])
            : Refuse(
                request.Type, QgsError.InvalidParameter, peer,
                "its report was not made on this machine, or not for this machine's quoting enclave");
    }

    private QgsMessage AnswerPlatform(string peer) => platform is null
        ? RefuseHardware(QgsMessageType.PlatformInfoRequest, peer)
        : new QgsMessage(
            QgsMessageType.PlatformInfoResponse, QgsError.None, [platform.PlatformId, platform.CpuSvn], platform.IsvSvn, platform.PceSvn);

    private QgsMessage AnswerCollateral(QgsMessage request, string peer)
    {
        var (fmspc, authority) = (request.Parts[0], request.Parts[1]);
        var name = authority.Length <= MaxAuthoritySize ? Encoding.ASCII.GetString(authority.Span.TrimEnd((byte)0)) : "";
        if (fmspc.Length != FmspcSize || name is not ("processor" or "platform"))
        {
            return Refuse(
                request.Type, QgsError.InvalidParameter, peer, "its request for collateral names no FMSPC of 6 bytes, or no CA");
        }
        var platformId = new PlatformId(Convert.ToHexStringLower(fmspc.Span), name, TeeType.Tdx);
        // Intel's service gives the collateral of trust domains, who are its guests; here are guests with enclaves too.
        var found = collateral?.Find(platformId) ?? collateral?.Find(platformId with { Tee = TeeType.Sgx });
        return found is null
            ? Refuse(request.Type, QgsError.Unexpected, peer, $"no collateral of {platformId.Fmspc} ({name}) is kept on this host")
            : new QgsMessage(
                QgsMessageType.CollateralResponse, QgsError.None,
                [
                    found.PckCrlIssuerChain, CollateralFiles.DecodeList(found.RootCaCrl), CollateralFiles.DecodeList(found.PckCrl),
                    found.TcbInfoIssuerChain, found.TcbInfo,
                    found.QeIdentityIssuerChain.IsEmpty ? found.TcbInfoIssuerChain : found.QeIdentityIssuerChain, found.QeIdentity,
                ],
                CollateralMajor, CollateralMinor);
    }

    private QgsMessage RefuseHardware(QgsMessageType type, string peer) => Refuse(
        type, QgsError.Unexpected, peer,
        "Intel's own quoting enclave makes quotes of hardware; run its service on this host (docs/how-to/quoting.md)");

    private QgsMessage Refuse(QgsMessageType type, QgsError error, string peer, string reason)
    {
        log($"{peer} is refused: {reason}");
        return QgsMessage.Refuse(type, error);
    }
}
