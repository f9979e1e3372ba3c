using System.CommandLine;
using System.Reflection;
using System.Text.Json;
using System.Text.Json.Serialization;
using Guardian.Cli.Commands;
using Guardian.Cli.Failures;
using Guardian.Cli.Output;

namespace Guardian.Cli.Entry;

/// <summary><c>guardian version</c>.</summary>
internal sealed class VersionCommand() : LocalCommand("version", "Print the version, like --version.")
{
    protected override int Run(ParseResult arguments, Terminal terminal)
    {
        var version = typeof(VersionCommand).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion;
        terminal.Show(new VersionResult(version), EntryJson.Default.VersionResult, people => people.WriteLine(version));
        return ExitCode.Done;
    }
}

/// <summary>The result of <c>version</c>.</summary>
internal sealed record VersionResult(string Version);

/// <summary>Source-generated JSON of this group's results.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Strict, PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(VersionResult))]
internal sealed partial class EntryJson : JsonSerializerContext;
