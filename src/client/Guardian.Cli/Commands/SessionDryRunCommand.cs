using System.CommandLine;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;
using Guardian.Attestation.RaTls;
using Guardian.Attestation.Verification;
using Guardian.Cas.Sessions;
using Guardian.Cli.Quotes;
using Guardian.Cli.Sessions;
using Guardian.Refusals;
using Guardian.Sgx.Measurement;
using Spectre.Console;

namespace Guardian.Cli.Commands;

/// <summary><c>guardian session dry-run</c>: who would be admitted, and why not, without a CAS.</summary>
internal static class SessionDryRunCommand
{
    public static Command Create()
    {
        var file = SessionDocumentFile.Argument();
        var quote = new Option<string?>("--quote") { Description = "An enclave's quote: raw, hex or base64.", HelpName = "FILE" };
        var certificate = new Option<string?>("--certificate") { Description = "An enclave's RA-TLS certificate, PEM or DER.", HelpName = "FILE" };
        var measurement = new Option<string?>("--mrenclave") { Description = "A measurement alone: everything else is taken to be in order.", HelpName = "HEX" };
        var dryRun = new Command("dry-run", "Show which services of a session would admit an enclave, and why not; needs no CAS.") { file, quote, certificate, measurement };
        dryRun.Validators.Add(result =>
        {
            if (new Option[] { quote, certificate, measurement }.Count(option => result.GetResult(option) is not null) != 1)
            {
                result.AddError("give one of --quote, --certificate, --mrenclave");
            }
        });
        dryRun.Runs((arguments, terminal) =>
        {
            var (session, _) = SessionDocumentFile.Load(arguments.GetRequiredValue(file));
            var reasons = arguments.GetValue(measurement) is { } hex ? ByMeasurement(session, hex)
                : ByQuote(session, arguments.GetValue(quote) is { } path ? VerifyQuote(path) : VerifyCertificate(arguments.GetValue(certificate)!));
            return Show(terminal, session, reasons);
        });
        return dryRun;
    }

    private static List<(string Service, IReadOnlyList<string> Reasons)> ByMeasurement(SessionDocument session, string hex)
    {
        var wanted = MrEnclave.TryParse(hex, out var value) ? value : throw new CliException(ExitCode.Usage, "bad-mrenclave", $"'{hex}' is not an MRENCLAVE: 64 hex digits");
        return
        [
            .. session.Services.Select(service => (
                service.Name,
                (IReadOnlyList<string>)(service.Policy.Identities.Any(identity => identity.MrEnclaves.Contains(wanted) || identity.MrEnclaves.Count == 0)
                    ? []
                    : [$"identity: found mrenclave {wanted}; accepted {string.Join("; or ", service.Policy.Identities)}"]))),
        ];
    }

    private static List<(string Service, IReadOnlyList<string> Reasons)> ByQuote(SessionDocument session, VerifiedQuote quote) =>
    [
        .. session.Services.Select(service => (
            service.Name, (IReadOnlyList<string>)[.. service.Policy.Appraise(quote).Checks.Where(check => !check.Passed).Select(check => $"{check}; {check.Advice}")])),
    ];

    private static VerifiedQuote VerifyQuote(string path)
    {
        var bytes = QuoteFile.Read(path);
        var (quote, refusal) = CliVerifier.Default.Verify(bytes, TimeProvider.System.GetUtcNow());
        return quote ?? throw Unverified(refusal!);
    }

    private static VerifiedQuote VerifyCertificate(string path)
    {
        var (peer, refusal) = RaTlsVerifier.Verify(Load(path), TimeProvider.System.GetUtcNow(), CliVerifier.Default);
        return peer?.Quote ?? throw Unverified(refusal!);
    }

    private static byte[] Load(string path)
    {
        try
        {
            using var certificate = X509CertificateLoader.LoadCertificateFromFile(path);
            return certificate.RawData;
        }
        catch (CryptographicException)
        {
            throw new CliException(ExitCode.Usage, "bad-certificate", $"{path} holds no certificate in PEM or DER");
        }
    }

    private static CliException Unverified(Refusal refusal) => new(
        ExitCode.Refused, refusal.Code, $"no session would admit it: {refusal.Detail}", [$"{refusal.Location?.Part}: {refusal.Code}"]);

    private static int Show(Terminal terminal, SessionDocument session, List<(string Service, IReadOnlyList<string> Reasons)> services)
    {
        terminal.Show(
            new JsonObject
            {
                ["session"] = session.Name,
                ["hash"] = session.Hash,
                ["services"] = new JsonArray([.. services.Select(service => new JsonObject
                {
                    ["service"] = service.Service,
                    ["admitted"] = service.Reasons.Count == 0,
                    ["reasons"] = new JsonArray([.. service.Reasons.Select(reason => (JsonNode)reason)]),
                })]),
            },
            people =>
            {
                foreach (var (service, reasons) in services)
                {
                    people.Write(new Text($"{session.Name}/{service}: {(reasons.Count == 0 ? "admitted" : "not admitted")}\n{string.Concat(reasons.Select(reason => $"  {reason}\n"))}"));
                }
            });
        return services.Any(service => service.Reasons.Count == 0) ? ExitCode.Done : ExitCode.Refused;
    }
}
