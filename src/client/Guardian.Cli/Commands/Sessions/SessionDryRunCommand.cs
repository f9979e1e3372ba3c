using System.CommandLine;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Guardian.Attestation.RaTls;
using Guardian.Attestation.Verification;
using Guardian.Cas.Client.Sessions;
using Guardian.Cli.Failures;
using Guardian.Cli.Inputs;
using Guardian.Cli.Installation;
using Guardian.Cli.Options;
using Guardian.Cli.Output;
using Guardian.Refusals;
using Guardian.Sgx.Measurement;

namespace Guardian.Cli.Commands.Sessions;

/// <summary><c>guardian session dry-run</c>.</summary>
internal sealed class SessionDryRunCommand : LocalCommand
{
    private readonly Argument<string> file = SessionDocumentFile.CreateArgument();
    private readonly TemplateOptions template = new();
    private readonly Option<string?> quote = new("--quote") { Description = "An enclave's quote: raw, hex or base64.", HelpName = "FILE" };
    private readonly Option<string?> certificate = new("--certificate")
    {
        Description = "An enclave's RA-TLS certificate, PEM or DER.",
        HelpName = "FILE",
    };
    private readonly Option<string?> measurement = new("--mrenclave")
    {
        Description = "A measurement alone; all other checks are assumed to pass.",
        HelpName = "HEX",
    };

    public SessionDryRunCommand() : base("dry-run", "Show which services of a session would admit an enclave, and why not; needs no CAS.")
    {
        AddSymbols([file, quote, certificate, measurement, .. template.All]);
        Validators.Add(result =>
        {
            if (new Option[] { quote, certificate, measurement }.Count(option => result.GetResult(option) is not null) != 1)
            {
                result.AddError("give one of --quote, --certificate, --mrenclave");
            }
        });
    }

    protected override int Run(ParseResult arguments, Terminal terminal)
    {
        var (session, _) = template.Load(arguments, arguments.GetRequiredValue(file));
        IReadOnlyList<DryRunService> services = arguments.GetValue(measurement) is { } hex
            ? JudgeByMeasurement(session, hex)
            : JudgeByQuote(
                session, arguments.GetValue(quote) is { } path ? VerifyQuote(path) : VerifyCertificate(arguments.GetValue(certificate)!));
        terminal.Show(new SessionDryRunResult(session.Name, session.Hash, services), SessionsJson.Default.SessionDryRunResult, people =>
        {
            foreach (var service in services)
            {
                people.WriteLine($"{session.Name}/{service.Service}: {(service.Admitted ? "admitted" : "not admitted")}");
                foreach (var reason in service.Reasons)
                {
                    people.WriteLine($"  {reason}");
                }
            }
        });
        return services.Any(service => service.Admitted) ? ExitCode.Done : ExitCode.Refused;
    }

    /// <summary>Judges a measurement alone: all other checks are assumed to pass.</summary>
    public static IReadOnlyList<DryRunService> JudgeByMeasurement(SessionDocument session, string hex)
    {
        var wanted = PolicyOptions.ParseMrEnclave(hex);
        return
        [
            .. session.Policies.Select(service => DryRunService.Of(
                service.Service,
                service.Policy.Identities.Any(identity => identity.MrEnclaves.Contains(wanted) || identity.MrEnclaves.Count == 0)
                    ? []
                    : [$"identity: found mrenclave {wanted}; accepted {string.Join("; or ", service.Policy.Identities)}"])),
        ];
    }

    private static List<DryRunService> JudgeByQuote(SessionDocument session, VerifiedQuote quote) =>
    [
        .. session.Policies.Select(service => DryRunService.Of(
            service.Service,
            [.. service.Policy.Appraise(quote).Checks.Where(check => !check.Passed).Select(check => $"{check}; {check.Advice}")])),
    ];

    private static VerifiedQuote VerifyQuote(string path)
    {
        var (bytes, refusal) = QuoteFile.Read(path);
        (var quote, refusal) = bytes is null
            ? new Outcome<VerifiedQuote>(null, refusal)
            : CliVerifier.Default.Verify(bytes, TimeProvider.System.GetUtcNow());
        return quote ?? throw RefuseUnverified(refusal!);
    }

    private static VerifiedQuote VerifyCertificate(string path)
    {
        var (peer, refusal) = RaTlsVerifier.Verify(ReadCertificate(path), TimeProvider.System.GetUtcNow(), CliVerifier.Default);
        return peer?.Quote ?? throw RefuseUnverified(refusal!);
    }

    private static byte[] ReadCertificate(string path)
    {
        try
        {
            using var loaded = X509CertificateLoader.LoadCertificate(InputFile.ReadBytes(path));
            return loaded.RawData;
        }
        catch (CryptographicException failure)
        {
            throw new RefusedException(CliReasons.BadCertificate.Because($"{path} holds no certificate in PEM or DER"), failure);
        }
    }

    private static RefusedException RefuseUnverified(Refusal refusal) =>
        QuoteRefusals.Of(refusal, "no session would admit it", [$"{refusal.Location?.Part}: {refusal.Code}"]);
}

/// <summary>The result of <c>session dry-run</c>.</summary>
internal sealed record SessionDryRunResult(string Session, string Hash, IReadOnlyList<DryRunService> Services);

/// <summary>A service of the session.</summary>
/// <param name="Reasons">Why it would not admit the enclave.</param>
internal sealed record DryRunService(string Service, bool Admitted, IReadOnlyList<string> Reasons)
{
    public static DryRunService Of(string service, IReadOnlyList<string> reasons) => new(service, reasons.Count == 0, reasons);
}
