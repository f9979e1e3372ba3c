using System.Text.Json;
using System.Text.Json.Serialization;
using Guardian.Refusals;
using Guardian.Runtime.Base;
using Guardian.Runtime.Start;

namespace Guardian.Premain;

/// <summary>
/// The premain's knowledge before it asks the CAS: the measured words of the manifest, which say who may configure this enclave, and the
/// host's choices, on which no protection depends.
/// </summary>
/// <param name="Entry">The program, an absolute path.</param>
/// <param name="Volumes">The path of each volume.</param>
/// <param name="MemoryFolders">The folders in memory.</param>
/// <param name="Start">The options of an attested start.</param>
internal sealed record PremainOptions(
    string Entry, IReadOnlyDictionary<string, string> Volumes, IReadOnlyList<string> MemoryFolders, RuntimeOptions Start)
{
    /// <summary>The variable with the host's choices.</summary>
    public const string HostVariable = "GUARDIAN_HOST";

    private static readonly string[] Measured = ["session", "cas-identity", "cas-owners", "cas-mrenclave", "cas-platform"];

    /// <summary>Reads the words of the manifest, and the host's choices.</summary>
    /// <param name="arguments"><c>--name value</c> pairs.</param>
    /// <param name="host">JSON of <see cref="HostChoices"/>; null for none.</param>
    /// <exception cref="RefusedException">A word is unknown, missing or malformed, or no CAS is pinned.</exception>
    public static PremainOptions Parse(IReadOnlyList<string> arguments, string? host)
    {
        var (start, memory) = (new List<string>(), new List<string>());
        var volumes = new Dictionary<string, string>();
        string? entry = null;
        for (var i = 0; i < arguments.Count; i += 2)
        {
            var value = i + 1 < arguments.Count ? arguments[i + 1] : throw Refuse($"'{arguments[i]}' lacks its value");
            switch (arguments[i])
            {
                case "--entry":
                    entry = value;
                    break;
                case "--memory":
                    memory.Add(value.TrimEnd('/'));
                    break;
                case "--volume" when value.Split('=', 2) is [{ Length: > 0 } name, { Length: > 0 } path]:
                    volumes[name] = path;
                    break;
                case ['-', '-', .. var name] when Measured.Contains(name):
                    start.AddRange([arguments[i], value]);
                    break;
                default:
                    throw Refuse($"'{arguments[i]} {value}' is unknown or malformed");
            }
        }
        // The configuration of a native program decides what runs under this measurement. So no other CAS, and no other session, gives it.
        if (!start.Contains("--cas-identity"))
        {
            throw Refuse("the manifest pins no CAS, so any CAS could run its own program under this measurement");
        }
        var choices = ReadHost(host);
        return new PremainOptions(entry ?? throw Refuse("--entry is missing"), volumes, memory, RuntimeOptions.Parse(
        [
            .. start, "--cas", choices.Cas ?? throw Refuse("the host gives no address of the CAS"),
            "--machine", $"{PremainPaths.State}/machine", "--collateral", $"{PremainPaths.State}/collateral",
            "--volumes", PremainPaths.State, "--program", entry,
            "--cas-wait", (choices.CasWait ?? "0"),
            .. choices.Replica is { } replica ? ["--replica", replica] : Array.Empty<string>(),
            "--", .. choices.Arguments ?? [],
        ]) with { StartToken = choices.StartToken });
    }

    /// <summary>Reads the variables that the host offers to the program.</summary>
    public static IReadOnlyDictionary<string, string> ReadVariables() =>
        ReadHost(Environment.GetEnvironmentVariable(HostVariable)).Variables ?? new Dictionary<string, string>();

    private static HostChoices ReadHost(string? json)
    {
        try
        {
            return JsonSerializer.Deserialize(json ?? "{}", PremainJson.Default.HostChoices) ?? new HostChoices();
        }
        catch (JsonException failure)
        {
            throw Refuse($"the host's choices in {HostVariable} are malformed: {failure.Message}");
        }
    }

    private static RefusedException Refuse(string detail) => new(RuntimeReasons.BadOptions.Because(detail) with
    {
        Remedy = "pack the program with 'guardian native pack', and start it with 'guardian run --native'",
    });
}

/// <summary>The choices of the host that starts the program.</summary>
internal sealed record HostChoices
{
    /// <summary>The address of the CAS.</summary>
    public string? Cas { get; init; }

    /// <summary>How many seconds to wait for it.</summary>
    public string? CasWait { get; init; }

    /// <summary>The number of this replica.</summary>
    public string? Replica { get; init; }

    /// <summary>The one-time token for this start.</summary>
    public string? StartToken { get; init; }

    /// <summary>Arguments, of which the session decides how many reach the program.</summary>
    public IReadOnlyList<string>? Arguments { get; init; }

    /// <summary>Variables, of which the session decides which reach the program.</summary>
    public IReadOnlyDictionary<string, string>? Variables { get; init; }
}

/// <summary>Source-generated JSON of the host's choices.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Strict, PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(HostChoices))]
internal sealed partial class PremainJson : JsonSerializerContext;
