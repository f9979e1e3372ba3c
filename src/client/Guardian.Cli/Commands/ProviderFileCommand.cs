using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Text.Json.Nodes;
using Guardian.ComputeHost.Inventory;

namespace Guardian.Cli.Commands;

/// <summary><c>guardian node provider-yaml</c>: a host's EPC the static way.</summary>
internal static class ProviderFileCommand
{
    public static Command Create()
    {
        var sections = new Option<KeyValuePair<int, long>[]>("--section")
        {
            Description = "EPC of a NUMA node in MiB; several may be given. Without it, what the kernel tells.",
            HelpName = "NODE=MIB",
            CustomParser = Parse,
        };
        var reserved = new Option<int>("--reserved") { Description = "EPC to keep for the host's own enclaves, in MiB.", HelpName = "MIB" };
        var command = new Command("provider-yaml", "Print a provider.yaml for nova-compute, in place of the inventory that guardian-node publishes.") { sections, reserved };
        command.Runs((arguments, terminal) =>
        {
            var given = arguments.GetValue(sections) ?? [];
            var epc = HostEpc.Read(given.Length > 0 ? given.GroupBy(section => section.Key).ToDictionary(node => node.Key, node => node.Sum(section => section.Value)) : null, arguments.GetValue(reserved), isHealthy: true);
            if (epc.Mebibytes.Count == 0)
            {
                throw new CliException(ExitCode.Refused, "no-epc", "this kernel tells of no EPC", hint: "before Linux 5.17 it does not; say it with --section NODE=MIB, as 'dmesg | grep EPC' has it");
            }
            if (epc.ReservedMebibytes < 0 || epc.ReservedMebibytes > epc.Mebibytes.Values.Sum())
            {
                throw new CliException(ExitCode.Usage, "reserved", $"{epc.ReservedMebibytes} MiB cannot be kept of {epc.Mebibytes.Values.Sum()} MiB of EPC");
            }
            var text = ProviderFile.Write(epc);
            terminal.Show(new JsonObject { ["text"] = text }, people => people.Profile.Out.Writer.Write(text));
            return ExitCode.Done;
        });
        return command;
    }

    private static KeyValuePair<int, long>[] Parse(ArgumentResult result)
    {
        var sections = new List<KeyValuePair<int, long>>();
        foreach (var token in result.Tokens)
        {
            var parts = token.Value.Split('=');
            if (parts.Length == 2 && int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out var node)
                && int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out var mebibytes) && mebibytes > 0)
            {
                sections.Add(new(node, mebibytes));
            }
            else
            {
                result.AddError($"'{token.Value}' is no section; write it as 0=64");
            }
        }
        return [.. sections];
    }
}
