namespace Guardian.Cli.Sessions;

/// <summary>The first text of a session for a program.</summary>
/// <param name="Session">The session's name.</param>
/// <param name="Service">The service's name.</param>
/// <param name="Program">The program's file, as the user wrote it.</param>
/// <param name="Digest">SHA-256 of the program.</param>
/// <param name="IsCompiled">Whether the program is a folder with its own runtime.</param>
/// <param name="MrEnclave">The measurement of the runtime.</param>
/// <param name="Platforms">The accepted platforms.</param>
/// <param name="Script">A script that the program interprets; null for none.</param>
internal sealed record SessionDraft(
    string Session, string Service, string Program, string Digest, bool IsCompiled, string MrEnclave, IReadOnlyList<string> Platforms,
    ScriptDraft? Script = null)
{
    /// <summary>Guesses a name from a file: <c>./visits.wasm</c> gives <c>visits</c>.</summary>
    public static string GuessName(string file)
    {
        var name = string.Concat(Path.GetFileNameWithoutExtension(file).Select(
            letter => char.IsAsciiLetterOrDigit(letter) || letter is '-' or '_' ? letter : '-')).Trim('-');
        return name.Length is > 0 and <= 128 ? name : "program";
    }

    /// <summary>Writes the session. 'guardian session check' accepts it as it is.</summary>
    public string Write() => $$"""
        # A session for {{Comment(Program)}}: the code that may start, and what it gets. Every member is explained in docs/spec/session.md.
        name: {{Session}}
        version: "0.3"
        services:
          - name: {{Service}}
            # The program's name and its arguments; a secret is $$GUARDIAN::NAME$$.
            command: [{{Service}}{{(Script is null ? "" : $", {Script.Path}")}}]
            # SHA-256 of {{Comment(Program)}}. If a file's name stands here, 'guardian session fill' writes its digest.
            program: {{Digest}}
            attestation:
              # {{Enclave}}
              - mrenclave: [{{MrEnclave}}]
            {{Warning}}platforms: [{{string.Join(", ", Platforms)}}]
        {{Script?.Write()}}    # environment: {TOKEN: $$GUARDIAN::token$$}
            # volumes:
            #   - {name: data, path: /data}
            # stdio: {readers: [CREATOR]}
            {{Host}}
        # volumes:
        #   - name: data
        # secrets:
        #   - {name: token, kind: ascii, size: 32}
        # Only you may read and replace this session. Two of three:
        #   update: [{require-at-least-2: [CREATOR, KEY, KEY]}]
        access_policy: {read: [CREATOR], update: [CREATOR]}

        """;

    private string Enclave => IsCompiled
        ? "guardian-runtime with this program in its measurement: it runs no other. 'guardian session fill' also takes the folder."
        : "guardian-runtime as it is installed here; 'guardian session fill' also takes the name.";

    // An argument of the host can be code for an interpreter.
    private string Host => Script is null
        ? "# host: {arguments: 1}"
        : "# The host gives no arguments: an interpreter could take one for code.";

    private string Warning =>
        Platforms.Contains("simulated") ? "# A simulated platform protects nothing: for tests alone.\n    " : "";

    private static string Comment(string text) => string.Concat(text.Select(letter => char.IsControl(letter) ? '?' : letter));
}
