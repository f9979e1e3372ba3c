namespace Guardian.CleanRoom.Client.Reading;

/// <summary>A text whose first line can be looked at and put back. Disposes the inner reader.</summary>
internal sealed class PeekedReader(TextReader inner) : TextReader
{
    private string first = "";
    private int position;

    /// <summary>Skips the first line if it begins with a word and has at most one character behind it.</summary>
    /// <param name="word">The word; upper and lower case are equal.</param>
    /// <returns>The text behind the word; null when the line stays.</returns>
    public string? TrySkipLine(string word)
    {
        // The longest line that is skipped: the word, a character, CR LF.
        var line = new char[word.Length + 3];
        var count = 0;
        while (count < line.Length && inner.Read() is var character && character >= 0)
        {
            line[count++] = (char)character;
            if (character == '\n')
            {
                break;
            }
        }
        first = new string(line, 0, count);
        var text = first.TrimEnd('\r', '\n');
        var isSkipped = text.Length < first.Length && text.StartsWith(word, StringComparison.OrdinalIgnoreCase)
            && text.Length <= word.Length + 1;
        first = isSkipped ? "" : first;
        return isSkipped ? text[word.Length..] : null;
    }

    /// <inheritdoc/>
    public override int Peek() => position < first.Length ? first[position] : inner.Peek();

    /// <inheritdoc/>
    public override int Read() => position < first.Length ? first[position++] : inner.Read();

    /// <inheritdoc/>
    public override int Read(Span<char> buffer)
    {
        var left = first.AsSpan(position);
        left = left[..Math.Min(left.Length, buffer.Length)];
        left.CopyTo(buffer);
        position += left.Length;
        // The first read must be as long as it can be: the CSV reader finds the delimiter in it.
        return left.Length + inner.Read(buffer[left.Length..]);
    }

    /// <inheritdoc/>
    public override int Read(char[] buffer, int index, int count) => Read(buffer.AsSpan(index, count));

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            inner.Dispose();
        }
        base.Dispose(disposing);
    }
}
