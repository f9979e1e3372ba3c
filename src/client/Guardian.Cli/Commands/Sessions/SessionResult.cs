using System.Text.Json;
using System.Text.Json.Serialization;
using Guardian.Cas.Client.Protocol;
using Guardian.Cli.Failures;
using Guardian.Cli.Output;

namespace Guardian.Cli.Commands.Sessions;

/// <summary>The result of the commands that verify or change a session.</summary>
internal sealed record SessionResult(string Name, string Hash)
{
    /// <summary>Shows the result.</summary>
    /// <param name="sentence">The words after the session's name.</param>
    public int Show(Terminal terminal, string sentence)
    {
        terminal.Show(this, SessionsJson.Default.SessionResult, people =>
        {
            people.WriteLine($"{Name} {sentence}");
            people.WriteLine($"hash {Hash}");
        });
        return ExitCode.Done;
    }
}

/// <summary>Source-generated JSON of this group's results.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Strict, PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(SessionResult))]
[JsonSerializable(typeof(SessionCheckResult))]
[JsonSerializable(typeof(SessionReadResult))]
[JsonSerializable(typeof(SessionListResult))]
[JsonSerializable(typeof(SessionSignResult))]
[JsonSerializable(typeof(SessionDryRunResult))]
[JsonSerializable(typeof(SessionDeleteResult))]
[JsonSerializable(typeof(SessionSignDeletionResult))]
[JsonSerializable(typeof(SessionSignSubmissionResult))]
[JsonSerializable(typeof(SessionHistoryResult))]
[JsonSerializable(typeof(SessionEncryptResult))]
[JsonSerializable(typeof(StartToken))]
[JsonSerializable(typeof(SessionInitResult))]
[JsonSerializable(typeof(SessionFillResult))]
[JsonSerializable(typeof(SessionDiffResult))]
[JsonSerializable(typeof(SessionFromSconeResult))]
internal sealed partial class SessionsJson : JsonSerializerContext;
