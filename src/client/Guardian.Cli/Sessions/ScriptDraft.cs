using System.Text;
using Guardian.Cli.Failures;
using Guardian.Refusals;

namespace Guardian.Cli.Sessions;

/// <summary>A script in the draft of a session: a file that the program finds, and the argument that names it.</summary>
/// <param name="Path">The file's absolute path.</param>
/// <param name="Text">The script, which ends with a line break.</param>
internal sealed record ScriptDraft(string Path, string Text)
{
    private const string Indent = "          ";

    /// <summary>Makes the draft of a file's text.</summary>
    /// <param name="file">The file's name, as the user wrote it.</param>
    /// <param name="text">The script.</param>
    /// <exception cref="RefusedException">A session cannot carry it.</exception>
    public static ScriptDraft Create(string file, string text)
    {
        var name = string.Concat(System.IO.Path.GetFileName(file).Select(
            letter => char.IsAsciiLetterOrDigit(letter) || letter is '-' or '_' or '.' ? letter : '-'));
        var lines = text.ReplaceLineEndings("\n");
        return lines.Any(letter => char.IsControl(letter) && letter is not ('\n' or '\t'))
            ? throw CliReasons.Usage.Refuse($"{file} is no text", "a session carries scripts alone; pack other files into an image")
            : new ScriptDraft($"/{name}", lines.EndsWith('\n') ? lines : lines + '\n');
    }

    /// <summary>Writes the member of a service, with a line break at its end.</summary>
    public string Write()
    {
        var written = new StringBuilder($"    injection_files:\n      - path: {Path}\n        content: |2+\n");
        foreach (var line in Text[..^1].Split('\n'))
        {
            written.Append(line.Length == 0 ? "" : Indent).Append(line).Append('\n');
        }
        return written.ToString();
    }
}
