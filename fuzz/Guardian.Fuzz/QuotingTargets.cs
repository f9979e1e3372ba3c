using System.Text;
using Guardian.Attestation.Collateral;
using Guardian.Attestation.Pki;
using Guardian.Attestation.Verification;
using Guardian.ComputeHost.Quoting;
using Guardian.Documents;
using Guardian.Node.Caching;

namespace Guardian.Fuzz;

/// <summary>Inputs of quoting for guests: requests to the collateral cache, its files and its services' answers, and messages of
/// guests.</summary>
internal static class QuotingTargets
{
    private static readonly string Hex = new('0', 32);

    public static IReadOnlyList<Target> All { get; } =
    [
        new("cache-request", SeedRequests, ReadRequest),
        new(
            "hosts-file",
            () => [Encoding.ASCII.GetBytes($"{new string('a', 768)},0000,{Hex},0D00,{Hex}\n")],
            input => HostsFile.TryRead(Encoding.UTF8.GetString(input)) is { Count: > 0 }),
        new(
            "cache-configuration",
            () => ["listen: 127.0.0.1:8081\nservices: [https://pccs.example/]\nplatforms: [00606a000000:platform:sgx]\n"u8.ToArray()],
            input => CacheConfiguration.Read(input, new DocumentProblems()) is not null),
        new(
            "pck-answer",
            () => ["[{\"tcb\":{},\"tcbm\":\"00\",\"cert\":\"-----BEGIN%20CERTIFICATE-----\"},{\"cert\":\"Not available\"}]"u8.ToArray()],
            input => PckCertificatesAnswer.TryRead(input) is not null),
        new("pck-certificates", () => [Targets.Chain("sgx3-processor-cfg-and-swh"), Targets.Chain("tdx4-uptodate")], ReadCertificates),
        new("qgs-message", SeedMessages, ReadMessage),
    ];

    private static List<byte[]> SeedRequests() =>
    [
        .. new[]
        {
            "/sgx/certification/v4/tcb?fmspc=00606A000000&update=early", "/tdx/certification/v4/qe/identity",
            "/sgx/certification/v3/pckcrl?ca=processor&encoding=der", "/sgx/certification/v4/rootcacrl",
            $"/sgx/certification/v4/pckcert?qeid={Hex}&cpusvn={Hex}&pcesvn=0D00&pceid=0000",
            "/sgx/certification/v4/tcb?fmspc=00606A000000&tcbEvaluationDataNumber=17",
        }.Select(Encoding.ASCII.GetBytes),
    ];

    private static bool ReadRequest(byte[] input)
    {
        var parts = Encoding.UTF8.GetString(input).Split('?', 2);
        var (request, status) = CacheRequest.Read(parts[0], parts.Length > 1 ? parts[1] : "");
        return (request is null) == (status != 200)
            ? request is not null
            : throw new InvalidOperationException($"status {status} disagrees with the request");
    }

    // A set that was read orders and selects without an exception, whatever the platform asks for.
    private static bool ReadCertificates(byte[] input)
    {
        var set = PckCertificateSet.Verify(input, VerifierOptions.IntelOnly).Value;
        _ = set?.Select(new byte[PckExtension.ComponentCount], 0, DateTimeOffset.UnixEpoch);
        return set is not null && CertifiedPlatform.FindPlatform(input) is not null;
    }

    private static List<byte[]> SeedMessages() =>
    [
        new QgsMessage(QgsMessageType.QuoteRequest, QgsError.None, [new byte[432], new byte[16]]).ToBytes(),
        new QgsMessage(QgsMessageType.CollateralRequest, QgsError.None, [new byte[6], "platform\0"u8.ToArray()]).ToBytes(),
        new QgsMessage(QgsMessageType.PlatformInfoRequest, QgsError.None, []).ToBytes(),
        new QgsMessage(QgsMessageType.PlatformInfoResponse, QgsError.None, [new byte[16], new byte[16]], 1, 13).ToBytes(),
        QgsMessage.Refuse(QgsMessageType.CollateralRequest, QgsError.Unexpected).ToBytes(),
    ];

    // A message that was read is written back the same, except for the minor version.
    private static bool ReadMessage(byte[] input)
    {
        if (QgsMessage.TryRead(input).Message is not { } message)
        {
            return false;
        }
        var written = message.ToBytes();
        (written[2], written[3]) = (input[2], input[3]);
        return written.AsSpan().SequenceEqual(input) ? true : throw new InvalidOperationException("a message changed");
    }
}
