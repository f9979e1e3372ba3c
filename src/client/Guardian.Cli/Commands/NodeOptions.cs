using System.CommandLine;
using Guardian.ComputeHost.Configuration;
using Guardian.Documents;

namespace Guardian.Cli.Commands;

/// <summary>Where a command on a compute host learns about the host: the configuration of guardian-node.</summary>
internal sealed class NodeOptions
{
    private const string UsualPath = "/etc/guardian/node.yaml";

    private readonly Option<string?> path = new("--config") { Description = $"Configuration of guardian-node. Without it {UsualPath}, when it is there.", HelpName = "FILE" };

    public void AddTo(Command command) => command.Options.Add(path);

    /// <exception cref="CliException">The configuration is not valid.</exception>
    public NodeConfiguration Read(ParseResult arguments)
    {
        var given = arguments.GetValue(path) ?? (File.Exists(UsualPath) ? UsualPath : null);
        var problems = new DocumentProblems();
        return NodeConfiguration.Read(given is null ? "{}"u8 : File.ReadAllBytes(given), File.ReadAllText("/etc/passwd"), problems)
            ?? throw new CliException(ExitCode.Usage, "bad-configuration", $"{given} is no valid configuration", [.. problems.Items.Select(problem => $"{given}:{problem}")]);
    }
}
