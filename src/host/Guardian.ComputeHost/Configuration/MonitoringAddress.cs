using System.Net;
using Guardian.Documents;

namespace Guardian.ComputeHost.Configuration;

/// <summary>The address at which the daemon answers monitoring and billing. Its answers reveal who holds how much EPC.</summary>
/// <param name="Listen">The address and port.</param>
/// <param name="Certificate">A PEM file with the certificate and its chain; null serves without TLS, on loopback only.</param>
/// <param name="Key">A PEM file with the certificate's key; null exactly when there is no certificate.</param>
/// <param name="TokenFile">A file with the token that callers present; null asks for none, on loopback only.</param>
public sealed record MonitoringAddress(IPEndPoint Listen, string? Certificate, string? Key, string? TokenFile)
{
    /// <summary>Reads the members <c>listen</c>, <c>certificate</c>, <c>key</c> and <c>token_file</c> of the map <c>meter</c>.</summary>
    internal static MonitoringAddress? Read(YamlMap? meter)
    {
        var (certificate, key) = (meter?.OptionalText("certificate"), meter?.OptionalText("key"));
        var token = meter?.OptionalText("token_file");
        if (meter?.OptionalText("listen") is not { } text)
        {
            return null;
        }
        if (!IPEndPoint.TryParse(text, out var endPoint) || endPoint.Port == 0)
        {
            meter.ReportAt("listen", $"'{text}' is not an address to listen on; give an IP address and a port, such as 127.0.0.1:9471");
            return null;
        }
        if ((certificate is null) != (key is null))
        {
            meter.ReportAt(certificate is null ? "key" : "certificate", "certificate and key belong together");
        }
        // Neither the network nor its other users may read who holds EPC, or collect the token.
        if (!IPAddress.IsLoopback(endPoint.Address) && (certificate is null || token is null))
        {
            meter.ReportAt("listen", $"{text} is not a loopback address: give certificate, key and token_file too");
        }
        return new MonitoringAddress(endPoint, certificate, key, token);
    }
}
