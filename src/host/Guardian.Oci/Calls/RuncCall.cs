using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Guardian.Oci.Calls;

/// <summary>A command line for runc, of which only a few words matter here. Everything else passes unread.</summary>
internal sealed class RuncCall
{
    // Options with a value in the next word, of runc 1.0 to 1.3 and of crun.
    private static readonly HashSet<string> GlobalValues = ["root", "log", "log-format", "criu", "rootless", "cgroup-manager"];
    private static readonly HashSet<string> CommandValues =
    [
        "bundle", "b", "console-socket", "pid-file", "preserve-fds", "cwd", "env", "e", "user", "u", "additional-gids", "g", "process", "p",
        "process-label", "apparmor", "cap", "c", "cgroup", "config", "f", "file",
    ];

    private readonly List<string> globals = [];
    private readonly Dictionary<string, string> values = [];

    private RuncCall()
    {
    }

    /// <summary>The command, such as <c>create</c>; empty when there is none.</summary>
    public string Command { get; private set; } = "";

    /// <summary>The container's name; empty when there is none.</summary>
    public string Container { get; private set; } = "";

    /// <summary>The folder with <c>config.json</c>.</summary>
    public string Bundle => values.GetValueOrDefault("bundle") ?? values.GetValueOrDefault("b") ?? Directory.GetCurrentDirectory();

    /// <summary>The options before the command, as they were given.</summary>
    public IReadOnlyList<string> Globals => globals;

    /// <summary>Reads a command line. Never fails: runc itself reports what it does not know.</summary>
    public static RuncCall Parse(IReadOnlyList<string> words)
    {
        var call = new RuncCall();
        for (var i = 0; i < words.Count; i++)
        {
            var isCommand = call.Command.Length > 0;
            if (words[i] is not ['-', _, ..] || words[i] == "--")
            {
                if (!isCommand)
                {
                    call.Command = words[i];
                    continue;
                }
                call.Container = words[i] == "--" ? words.ElementAtOrDefault(i + 1) ?? "" : words[i];
                break;
            }
            var first = i;
            var (name, value) = words[i].TrimStart('-').Split('=', 2) is [var before, var after]
                ? (before, after)
                : (words[i].TrimStart('-'), null);
            if (value is null && (isCommand ? CommandValues : GlobalValues).Contains(name) && i + 1 < words.Count)
            {
                value = words[++i];
            }
            if (value is not null)
            {
                call.values[name] = value;
            }
            if (!isCommand)
            {
                call.globals.AddRange(words.Skip(first).Take(i - first + 1));
            }
        }
        return call;
    }

    /// <summary>Writes an error to the log that the engine reads, if it named one.</summary>
    public void Log(string message, DateTimeOffset now)
    {
        if (values.GetValueOrDefault("log") is not { Length: > 0 } file)
        {
            return;
        }
        var time = now.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture);
        var line = values.GetValueOrDefault("log-format") == "json"
            ? JsonSerializer.Serialize(new LogLine("error", message, time), CallJson.Default.LogLine)
            : $"time=\"{time}\" level=error msg={JsonSerializer.Serialize(message, CallJson.Default.String)}";
        try
        {
            File.AppendAllText(file, line + "\n");
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            // The engine still shows standard error.
        }
    }
}

/// <summary>A line of runc's log.</summary>
internal sealed record LogLine(string Level, string Msg, string Time);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(LogLine))]
[JsonSerializable(typeof(string))]
internal sealed partial class CallJson : JsonSerializerContext;
