using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Guardian.Cli.Failures;
using Guardian.Refusals;

namespace Guardian.Cli.Commands.Nodes;

/// <summary>
/// Writes the runtime <c>guardian</c> into the configurations of engines, and takes it out again. The rest stays as it is.
/// </summary>
internal static partial class EngineConfigurations
{
    private const string Name = "guardian";
    private const string Begin = "# runtime 'guardian': written by guardian node install-runtime\n";
    private const string End = "# end of runtime 'guardian'\n";

    /// <summary>Edits Docker's <c>daemon.json</c>.</summary>
    /// <param name="text">The file; empty when there is none.</param>
    /// <param name="program">The OCI runtime; null to remove it.</param>
    /// <returns>The new text.</returns>
    /// <exception cref="RefusedException">The file is no object of JSON.</exception>
    public static string EditDocker(string text, string? program)
    {
        JsonObject? daemon;
        try
        {
            daemon = text.Trim().Length == 0 ? [] : JsonNode.Parse(text) as JsonObject;
        }
        catch (JsonException)
        {
            daemon = null;
        }
        if (daemon is null || daemon["runtimes"] is not (null or JsonObject))
        {
            throw CliReasons.BadFile.Refuse("Docker's configuration is no object of JSON, or its 'runtimes' is none");
        }
        var runtimes = daemon["runtimes"] as JsonObject ?? [];
        if (program is null)
        {
            if (!runtimes.Remove(Name))
            {
                return text;
            }
            if (runtimes.Count == 0)
            {
                daemon.Remove("runtimes");
            }
        }
        else
        {
            runtimes[Name] = new JsonObject { ["path"] = program };
            daemon["runtimes"] ??= runtimes;
        }
        return daemon.ToJsonString(new JsonSerializerOptions { WriteIndented = true, TypeInfoResolver = NodesJson.Default }) + "\n";
    }

    /// <summary>Edits containerd's <c>config.toml</c>, version 2 or 3.</summary>
    /// <inheritdoc cref="EditDocker" path="/param"/>
    /// <returns>The new text.</returns>
    /// <exception cref="RefusedException">
    /// The file has another version, or a runtime of this name that this command did not write.
    /// </exception>
    public static string EditContainerd(string text, string? program)
    {
        var begin = text.IndexOf(Begin, StringComparison.Ordinal);
        var end = text.IndexOf(End, StringComparison.Ordinal);
        var rest = begin >= 0 && end > begin ? text[..begin] + text[(end + End.Length)..] : text;
        if (program is null)
        {
            return rest;
        }
        if (OwnRuntime().IsMatch(rest))
        {
            throw CliReasons.BadFile.Refuse("containerd's configuration has a runtime 'guardian' that this command did not write");
        }
        var version = Version().Match(rest) is { Success: true } found
            ? int.Parse(found.Groups[1].Value, CultureInfo.InvariantCulture)
            : rest.Trim().Length == 0 ? 0 : 1;
        var plugin = version switch
        {
            0 or 2 => "io.containerd.grpc.v1.cri",
            3 => "io.containerd.cri.v1.runtime",
            _ => throw CliReasons.BadFile.Refuse(
                $"containerd's configuration has version {version}, and versions 2 and 3 are known", "containerd config migrate"),
        };
        var runtimes = $"plugins.\"{plugin}\".containerd.runtimes";
        var table = $"{runtimes}.{Name}";

        // A table of runtimes takes the place of containerd's own one, whose runc starts every other container.
        var others = AnyRuntime().IsMatch(rest) ? "" : $"""
            [{runtimes}.runc]
              runtime_type = "io.containerd.runc.v2"

            """;
        return (version == 0 ? "version = 2\n" : rest.EndsWith('\n') ? rest : rest + "\n") + Begin + others + $"""
            [{table}]
              runtime_type = "io.containerd.runc.v2"
              pod_annotations = ["org.guardian.*"]
              container_annotations = ["org.guardian.*"]
              [{table}.options]
                BinaryName = "{program}"

            """ + End;
    }

    [GeneratedRegex(@"^\s*version\s*=\s*([0-9]{1,3})\s*(#.*)?$", RegexOptions.Multiline)]
    private static partial Regex Version();

    [GeneratedRegex(@"^\s*\[\s*plugins\..*\.runtimes\.""?guardian""?\s*\]", RegexOptions.Multiline)]
    private static partial Regex OwnRuntime();

    [GeneratedRegex(@"^[^#\n]*\bruntimes\b", RegexOptions.Multiline)]
    private static partial Regex AnyRuntime();
}
