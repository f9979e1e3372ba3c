using System.Text;
using Guardian.Cli.Failures;
using Guardian.Documents;
using Guardian.Refusals;

namespace Guardian.Cli.Sessions;

/// <summary>A value that was filled in.</summary>
/// <param name="Line">Its line, from 1; 0 for a line that was added.</param>
/// <param name="Member">The member.</param>
/// <param name="From">The words that stood there; null for nothing.</param>
/// <param name="To">The value.</param>
internal sealed record FilledValue(int Line, string Member, string? From, string To);

/// <summary>Fills in the hashes that a machine can find: programs, measurements, the predecessor. The rest of the text stays.</summary>
/// <param name="hashProgram">Gives the digest of a program's file.</param>
/// <param name="measure">Gives the measurement of an installed program, or of a file or folder.</param>
internal sealed class SessionFilling(Func<string, string> hashProgram, Func<string, string> measure)
{
    private const int HashLength = 64;

    private readonly TextEdits edits = new();
    private readonly List<FilledValue> values = [];

    /// <summary>Whether a text has names of programs or enclaves in the place of hashes.</summary>
    public static bool HasNames(ReadOnlySpan<byte> utf8)
    {
        var filling = new SessionFilling(word => word, word => word);
        filling.Fill(YamlLayout.Read(Encoding.UTF8.GetString(utf8), new DocumentProblems())?.Top.Find("services"));
        return filling.values.Count > 0;
    }

    /// <summary>Fills a text.</summary>
    /// <param name="path">The session's file, for messages.</param>
    /// <param name="findPredecessor">Gives the current hash of a session in the CAS; null leaves the predecessor.</param>
    /// <returns>The text, and each value.</returns>
    /// <exception cref="RefusedException">The text is no YAML, or a file is missing.</exception>
    public async Task<(string Text, IReadOnlyList<FilledValue> Values)> FillAsync(
        string text, string path, Func<string, Task<string>>? findPredecessor)
    {
        var problems = new DocumentProblems();
        var layout = YamlLayout.Read(text, problems)
            ?? throw CliReasons.BadSession.Refuse(
                $"{path} is no valid session", problems: [.. problems.Items.Select(problem => $"{path}:{problem}")]);
        Fill(layout.Top.Find("services"));
        if (findPredecessor is not null)
        {
            if (layout.Top.Find("name") is not { Value: { Length: > 0 } name } place)
            {
                throw CliReasons.BadSession.Refuse($"{path} has no 'name' by which the CAS could know it");
            }
            SetPredecessor(layout, place, await findPredecessor(name).ConfigureAwait(false));
        }
        return (edits.Apply(text), values);
    }

    private void Fill(YamlPlace? node)
    {
        foreach (var item in node?.Items ?? [])
        {
            Fill(item);
        }
        foreach (var (key, value) in node?.Members ?? [])
        {
            switch (key.Value)
            {
                case "program":
                    FillTexts(value, "program", hashProgram);
                    break;
                case "mrenclave":
                    FillTexts(value, "mrenclave", measure);
                    break;
                default:
                    Fill(value);
                    break;
            }
        }
    }

    private void FillTexts(YamlPlace place, string member, Func<string, string> find)
    {
        foreach (var item in place.Items ?? [])
        {
            FillTexts(item, member, find);
        }
        if (place.Value is { Length: > 0 } word && !IsHash(word))
        {
            var hash = find(word);
            edits.Replace(place.Start, place.End, hash);
            values.Add(new FilledValue(place.Line, member, word, hash));
        }
    }

    private void SetPredecessor(YamlLayout layout, YamlPlace name, string hash)
    {
        if (layout.Top.Find("predecessor") is { } place)
        {
            if (place.Value != hash)
            {
                var isEmpty = place.Start == place.End;
                edits.Replace(place.Start, place.End, isEmpty && layout.Text[place.Start - 1] == ':' ? $" {hash}" : hash);
                values.Add(new FilledValue(place.Line, "predecessor", isEmpty ? null : place.Value, hash));
            }
            return;
        }
        if (layout.Top.IsFlow)
        {
            edits.Insert(name.End, $", predecessor: {hash}");
        }
        else
        {
            var end = layout.Text.IndexOf('\n', name.End);
            var isWindows = layout.Text.Contains("\r\n", StringComparison.Ordinal);
            var (at, line) = end < 0 ? (layout.Text.Length, $"\npredecessor: {hash}") : (end + 1, $"predecessor: {hash}\n");
            edits.Insert(at, isWindows ? line.Replace("\n", "\r\n", StringComparison.Ordinal) : line);
        }
        values.Add(new FilledValue(0, "predecessor", null, hash));
    }

    private static bool IsHash(string text) => text.Length == HashLength && text.All(char.IsAsciiHexDigit);
}
