using System.CommandLine;
using Guardian.Cli.Failures;
using Guardian.Cli.Inputs;
using Guardian.ComputeHost.Configuration;
using Guardian.Documents;
using Guardian.Refusals;

namespace Guardian.Cli.Options;

/// <summary>The option that names guardian-node's configuration, from which commands on a compute host read what they need.</summary>
internal sealed class NodeOptions
{
    private const string UsualPath = "/etc/guardian/node.yaml";

    /// <summary>The configuration's file.</summary>
    public Option<string?> Configuration { get; } = new("--config")
    {
        Description = $"Configuration of guardian-node. Without it, {UsualPath} if that exists.",
        HelpName = "FILE",
    };

    /// <summary>Reads the configuration; the defaults when there is none.</summary>
    /// <exception cref="RefusedException">The file is missing, or the configuration is not valid.</exception>
    public NodeConfiguration Read(ParseResult arguments)
    {
        var path = arguments.GetValue(Configuration) ?? (File.Exists(UsualPath) ? UsualPath : null);
        var problems = new DocumentProblems();
        return NodeConfiguration.Read(path is null ? "{}"u8 : InputFile.ReadBytes(path), InputFile.ReadText("/etc/passwd"), problems)
            ?? throw CliReasons.BadConfiguration.Refuse(
                $"{path} is no valid configuration", problems: [.. problems.Items.Select(problem => $"{path}:{problem}")]);
    }
}
