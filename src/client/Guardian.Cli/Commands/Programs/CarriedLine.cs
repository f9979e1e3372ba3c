using System.Text;
using System.Text.Json;
using Guardian.Runtime.Stdio;

namespace Guardian.Cli.Commands.Programs;

/// <summary>
/// A line of a log as its carrier wrote it: container engines put a time, a name or a stream before a frame, or wrap it in JSON. The parts
/// around the frame are the carrier's: everyone who handles the log can write them.
/// </summary>
/// <param name="Prefix">The carrier's text before the frame, without characters that move a terminal's cursor; may be empty.</param>
/// <param name="Frame">The frame's own text; null when the line has none.</param>
/// <param name="IsBroken">Whether the line has the beginning of a frame, and no whole one.</param>
internal readonly record struct CarriedLine(string Prefix, string? Frame, bool IsBroken)
{
    private const int MaxPrefix = 256;
    private const string Mark = "gstd1 ";

    // The largest line that carries one frame in JSON, with an escape for each character.
    private const int MaxJson = 8 * StdioFrame.MaxLineSize;

    private static readonly string[] Streams = ["in ", "out ", "err "];

    /// <summary>Finds the frame in a line. Never throws.</summary>
    public static CarriedLine Read(string line)
    {
        if (StdioFrame.TryRead(line) is not null)
        {
            return new CarriedLine("", line, IsBroken: false);
        }
        return line.AsSpan().TrimStart() is ['{', ..] && line.Length <= MaxJson && ReadJson(line) is { } wrapped ? wrapped : ReadText(line);
    }

    private static CarriedLine ReadText(string line)
    {
        var isBroken = false;
        for (var at = line.IndexOf(Mark, StringComparison.Ordinal); at >= 0;
            at = line.IndexOf(Mark, at + 1, StringComparison.Ordinal))
        {
            if (at > 0 && char.IsAsciiLetterOrDigit(line[at - 1]))
            {
                continue;
            }
            var frame = line.AsSpan(at, FindEnd(line, at) - at);
            if (StdioFrame.TryRead(frame) is not null)
            {
                return new CarriedLine(Clean(line[..at]), frame.ToString(), IsBroken: false);
            }
            isBroken |= Streams.Any(stream => line.AsSpan(at + Mark.Length).StartsWith(stream, StringComparison.Ordinal));
        }
        return new CarriedLine("", null, isBroken);
    }

    // A frame has five parts, and its last one is base64.
    private static int FindEnd(string line, int start)
    {
        const int spaces = 4;
        var end = start;
        for (var found = 0; end < line.Length && found < spaces; end++)
        {
            found += line[end] == ' ' ? 1 : 0;
        }
        while (end < line.Length && (char.IsAsciiLetterOrDigit(line[end]) || line[end] is '+' or '/' or '='))
        {
            end++;
        }
        return end;
    }

    // {"log":"FRAME\n","stream":"stdout","time":"TIME"}, and other carriers' names for the same.
    private static CarriedLine? ReadJson(string line)
    {
        try
        {
            var reader = new Utf8JsonReader(Encoding.UTF8.GetBytes(line));
            CarriedLine? found = null;
            string? name = null;
            string? time = null;
            while (reader.Read())
            {
                switch (reader.TokenType)
                {
                    case JsonTokenType.PropertyName:
                        name = reader.GetString();
                        break;
                    case JsonTokenType.String when reader.GetString() is { } text:
                        if (name is "time" or "timestamp" or "ts" or "@timestamp")
                        {
                            time ??= text;
                        }
                        else if (found is null && ReadText(text) is { } inner && (inner.Frame is not null || inner.IsBroken))
                        {
                            found = inner;
                        }
                        break;
                }
            }
            return found is { } carried && time is not null ? carried with { Prefix = Clean(time + " " + carried.Prefix) } : found;
        }
        catch (Exception failure) when (failure is JsonException or InvalidOperationException)
        {
            // Not JSON, or a string that is no text.
            return null;
        }
    }

    private static string Clean(string prefix)
    {
        var text = new StringBuilder();
        for (var i = 0; i < prefix.Length && text.Length < MaxPrefix; i++)
        {
            if (FindColour(prefix.AsSpan(i)) is var length and > 0)
            {
                i += length - 1;
            }
            else if (!char.IsControl(prefix[i]) || prefix[i] == '\t')
            {
                text.Append(prefix[i]);
            }
        }
        return text.ToString();
    }

    // A colour is ESC [ 1 ; 36 m; Compose gives each service one.
    private static int FindColour(ReadOnlySpan<char> text)
    {
        if (!text.StartsWith("\x1b[", StringComparison.Ordinal))
        {
            return 0;
        }
        var end = 2;
        while (end < text.Length && (char.IsAsciiDigit(text[end]) || text[end] == ';'))
        {
            end++;
        }
        return end < text.Length && text[end] == 'm' ? end + 1 : 0;
    }
}
