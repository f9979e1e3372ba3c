using System.CommandLine;
using Guardian.Cli.Failures;
using Guardian.Cli.Inputs;
using Guardian.Cli.Options;
using Guardian.Cli.Output;

namespace Guardian.Cli.Commands.Sessions;

/// <summary><c>guardian session check</c>.</summary>
internal sealed class SessionCheckCommand : LocalCommand
{
    private readonly Argument<string> file = SessionDocumentFile.CreateArgument();
    private readonly TemplateOptions template = new();

    public SessionCheckCommand() : base("check", "Show every mistake of a session, and its hash.") => AddSymbols([file, .. template.All]);

    protected override int Run(ParseResult arguments, Terminal terminal)
    {
        var (session, _) = template.Load(arguments, arguments.GetRequiredValue(file));
        var policies = session.Policies.Select(service => new ServicePolicyId(service.Service, service.Policy.Id)).ToList();
        terminal.Show(new SessionCheckResult(session.Name, session.Hash, policies), SessionsJson.Default.SessionCheckResult, people =>
        {
            people.WriteLine($"{session.Name} is a valid session");
            people.WriteLine($"hash {session.Hash}");
            foreach (var service in policies)
            {
                people.WriteLine($"{service.Service} is admitted by policy {service.PolicyId}");
            }
        });
        return ExitCode.Done;
    }
}

/// <summary>The result of <c>guardian session check</c>.</summary>
internal sealed record SessionCheckResult(string Name, string Hash, IReadOnlyList<ServicePolicyId> Policies);

/// <summary>The identifier of the attestation policy of a service.</summary>
internal sealed record ServicePolicyId(string Service, string PolicyId);
