using System.Text;
using System.Text.Json;

namespace Guardian.Cli.Commands.Native;

/// <summary>The first text of a session for a native program.</summary>
/// <param name="Session">SESSION/SERVICE.</param>
/// <param name="Command">The arguments, the program's name first.</param>
/// <param name="Environment">The variables, <c>NAME=VALUE</c>.</param>
/// <param name="WorkingFolder">The working directory.</param>
/// <param name="Volumes">The path of each volume.</param>
/// <param name="MrEnclave">The measurement of the pack.</param>
/// <param name="Platform">The accepted platform.</param>
internal sealed record NativeSessionDraft(
    string Session, IReadOnlyList<string> Command, IReadOnlyList<string> Environment, string WorkingFolder,
    IReadOnlyDictionary<string, string> Volumes, string MrEnclave, string Platform)
{
    /// <summary>Writes the session. 'guardian session check' accepts it as it is.</summary>
    public string Write()
    {
        var slash = Session.LastIndexOf('/');
        var text = new StringBuilder();
        void Line(string line) => text.Append(line).Append('\n');
        Line($$"""
            # A session for a native program: what it gets when it starts. Every member is explained in docs/spec/session.md.
            name: {{Session[..slash]}}
            version: "0.3"
            services:
              - name: {{Session[(slash + 1)..]}}
                # The arguments, the program's name first; a secret is $$GUARDIAN::NAME$$. The program itself is part of the measurement.
                command: [{{string.Join(", ", Command.Select(Quote))}}]
                attestation:
                  - mrenclave: [{{MrEnclave}}]
            """);
        if (Platform == "simulated")
        {
            Line("    # A simulated platform protects nothing: for tests alone.");
        }
        Line($"    platforms: [{Platform}]");
        Line($"    pwd: {Quote(WorkingFolder)}");
        Line($"    environment: {(Environment.Count == 0 ? "{}" : "")}");
        foreach (var variable in Environment.Select(each => each.Split('=', 2)).Where(parts => parts.Length == 2))
        {
            Line($"      {Quote(variable[0])}: {Quote(variable[1])}");
        }
        Line("    # injection_files: [{path: /run/token, content: $$GUARDIAN::token$$}]");
        if (Volumes.Count > 0)
        {
            Line("    # Its tag moves at each start: a rollback can undo what was written since the last one.");
            Line("    volumes:");
            foreach (var (name, path) in Volumes)
            {
                Line($"      - {{name: {name}, path: {Quote(path)}, update_policy: interval}}");
            }
            Line("volumes:");
            foreach (var name in Volumes.Keys)
            {
                Line($"  - name: {name}");
            }
        }
        Line("""
            # secrets:
            #   - {name: token, kind: ascii, size: 32}
            # Only you may read and replace this session. Two of three:
            #   update: [{require-at-least-2: [CREATOR, KEY, KEY]}]
            access_policy: {read: [CREATOR], update: [CREATOR]}
            """);
        return text.ToString();
    }

    // A string of JSON is one of YAML.
    private static string Quote(string value) => JsonSerializer.Serialize(value, NativeTexts.Default.String);
}

/// <summary>Source-generated JSON of texts.</summary>
[System.Text.Json.Serialization.JsonSerializable(typeof(string))]
internal sealed partial class NativeTexts : System.Text.Json.Serialization.JsonSerializerContext;
