using System.CommandLine;
using Guardian.Attestation.RaTls;
using Guardian.Cas.Client.Connection;
using Guardian.Cli.Commands.Cas;
using Guardian.Cli.Failures;
using Guardian.Cli.Inputs;
using Guardian.Cli.Installation;
using Guardian.Cli.Options;
using Guardian.Cli.Output;

namespace Guardian.Cli.Commands.Kubernetes;

/// <summary><c>guardian kubernetes verify</c>.</summary>
internal sealed class KubernetesVerifyCommand : CliCommand
{
    private readonly CasOptions cas = CasOptions.WithOption();
    private readonly Option<string?> space = new("--namespace")
    {
        Description = "The namespace of the pods. Default: all.",
        HelpName = "NAME",
    };
    private readonly Option<string?> pods = new("--pods")
    {
        Description = "A file with the output of 'kubectl get pods -o json', or - for standard input. Default: kubectl is run.",
        HelpName = "FILE",
    };

    public KubernetesVerifyCommand() : base(
        "verify", "Show the CAS with its verified quote, and whether it verified an enclave for each program that runs in the cluster.") =>
        AddSymbols([space, pods, .. cas.All]);

    protected override async Task<int> RunAsync(ParseResult arguments, Terminal terminal, CancellationToken cancellation)
    {
        var containers = RunningProgramList.Read(await ReadPodsAsync(arguments, cancellation).ConfigureAwait(false))
            ?? throw CliReasons.BadFile.Refuse("the pods are not what 'kubectl get pods -o json' prints");
        RaTlsPeer? verified = null;
        var admissions = new List<Admission>();
        var identity = await cas.UseAsync(arguments, async client =>
        {
            await AuditReading.ReadAsync(client, cas.ReadPolicy(arguments), (entry, _, detail) =>
            {
                if (entry.Event == "service-admitted" && detail is not null)
                {
                    admissions.Add(new Admission(detail.Subject, entry.Time, detail.By, detail.Text));
                }
            }, cancellation).ConfigureAwait(false);
            return (await client.ReadIdentityAsync(cancellation).ConfigureAwait(false)).Identity;
        }, (peer, _) => verified = peer).ConfigureAwait(false);
        var services = ServiceVerification.Compare(containers, admissions);
        var report = verified!.Quote.Report;
        var result = new KubernetesVerifyResult(
            services.All(service => service.IsVerified), identity, Platforms.Name(verified.Quote.Platform), report.MrEnclave.ToString(),
            services);
        terminal.Show(result, KubernetesJson.Default.KubernetesVerifyResult, people => Show(people, result));
        return result.Verified ? ExitCode.Done : ExitCode.Refused;
    }

    private static void Show(TextOutput people, KubernetesVerifyResult result)
    {
        people.WriteFacts(
            ("CAS", result.Identity), ("verified", "yes: certificate chain, quoting enclave, key binding, signature, policy"),
            ("platform", result.Platform), ("mrenclave", result.MrEnclave));
        var table = new TextTable().AddTextColumns("service").AddNumberColumns("running", "admitted").AddTextColumns(
            "last admission", "enclave", "verdict");
        foreach (var service in result.Services)
        {
            table.AddRow(
                service.Service, $"{service.Containers.Count}", $"{service.Admitted}", service.Last ?? "none", service.Enclave ?? "",
                service.IsVerified ? "verified by the CAS" : "NOT VERIFIED");
        }
        people.WriteLine();
        people.WriteTable(table);
        foreach (var service in result.Services.Where(service => !service.IsVerified))
        {
            people.WriteLine($"{service.Service}: {string.Join(", ", service.Containers)}");
        }
    }

    private async Task<string> ReadPodsAsync(ParseResult arguments, CancellationToken cancellation)
    {
        if (arguments.GetValue(pods) is { } path)
        {
            using var reader = new StreamReader(InputFile.Open(path));
            return await reader.ReadToEndAsync(cancellation).ConfigureAwait(false);
        }
        string[] scope = arguments.GetValue(space) is { } named ? ["--namespace", named] : ["--all-namespaces"];
        return await ToolRun.ReadDataAsync("kubectl", ["get", "pods", .. scope, "--output", "json"], cancellation).ConfigureAwait(false);
    }
}

/// <summary>The result of <c>kubernetes verify</c>.</summary>
/// <param name="Verified">Whether the CAS verified an enclave for each container.</param>
/// <param name="Identity">The identity of the CAS.</param>
/// <param name="Platform">The platform of the CAS.</param>
/// <param name="MrEnclave">The code of the CAS.</param>
/// <param name="Services">The services that containers claim to be.</param>
internal sealed record KubernetesVerifyResult(
    bool Verified, string Identity, string Platform, string MrEnclave, IReadOnlyList<ServiceVerification> Services);
