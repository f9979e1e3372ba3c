using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using Guardian.Cli.Failures;
using Guardian.Cli.Output;
using Guardian.ComputeHost.Inventory;

namespace Guardian.Cli.Commands.Nodes;

/// <summary><c>guardian node provider-yaml</c>.</summary>
internal sealed class ProviderFileCommand : LocalCommand
{
    private readonly Option<KeyValuePair<int, long>[]> sections = new("--section")
    {
        Description = "EPC of a NUMA node in MiB; repeatable. Without it, the sections that the kernel reports.",
        HelpName = "NODE=MIB",
        CustomParser = ParseSections,
    };
    private readonly Option<int> reserved = new("--reserved")
    {
        Description = "EPC that stays for the host's own enclaves, in MiB.",
        HelpName = "MIB",
    };

    public ProviderFileCommand() : base(
        "provider-yaml", "Print a provider.yaml for nova-compute, in place of the inventory that guardian-node publishes.") =>
        AddSymbols(sections, reserved);

    protected override int Run(ParseResult arguments, Terminal terminal)
    {
        var given = arguments.GetValue(sections) ?? [];
        var byNode = given.Length == 0
            ? null
            : given.GroupBy(section => section.Key).ToDictionary(node => node.Key, node => node.Sum(section => section.Value));
        var epc = HostEpc.Read(byNode, arguments.GetValue(reserved), isHealthy: true);
        var total = epc.Mebibytes.Values.Sum();
        if (epc.Mebibytes.Count == 0)
        {
            throw CliReasons.NoEpc.Refuse("this kernel reports no EPC");
        }
        if (epc.ReservedMebibytes < 0 || epc.ReservedMebibytes > total)
        {
            throw CliReasons.Reserved.Refuse($"{epc.ReservedMebibytes} MiB cannot be reserved of {total} MiB of EPC");
        }
        var text = ProviderFile.Write(epc);
        terminal.Show(new ProviderFileResult(text), NodesJson.Default.ProviderFileResult, people => people.Write(text));
        return ExitCode.Done;
    }

    private static KeyValuePair<int, long>[] ParseSections(ArgumentResult result)
    {
        var read = new List<KeyValuePair<int, long>>();
        foreach (var token in result.Tokens)
        {
            var parts = token.Value.Split('=');
            if (parts.Length == 2 && int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out var node)
                && int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out var mebibytes) && mebibytes > 0)
            {
                read.Add(new(node, mebibytes));
            }
            else
            {
                result.AddError($"'{token.Value}' is no section like 0=64");
            }
        }
        return [.. read];
    }
}

/// <summary>The result of <c>node provider-yaml</c>.</summary>
/// <param name="Text">The file, YAML.</param>
internal sealed record ProviderFileResult(string Text);
