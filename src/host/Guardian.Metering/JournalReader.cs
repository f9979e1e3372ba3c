using Guardian.Refusals;

namespace Guardian.Metering;

/// <summary>Reads the lines of a journal's file. One part of it is in memory at a time.</summary>
/// <param name="stream">The file. Lines that a meter appends meanwhile are left out.</param>
/// <param name="name">The file's name, for messages.</param>
/// <param name="mayBeTorn">Whether a crash can have torn the last line: not in a file that another one follows.</param>
internal sealed class JournalReader(Stream stream, string name, bool mayBeTorn = true)
{
    // Many lines, and more than any torn write.
    private const int PartSize = 1024 * 1024;

    private readonly byte[] part = new byte[PartSize];
    private int lines;

    /// <summary>The size of the lines that were read.</summary>
    public long Size { get; private set; }

    /// <summary>Reads all lines; leaves out a last one that a crash has torn.</summary>
    /// <exception cref="RefusedException"><see cref="MeteringReasons.DamagedJournal"/>.</exception>
    public IEnumerable<JournalRecord> ReadAll()
    {
        var (length, filled) = (stream.Length, 0);
        while (Size + filled < length && filled < part.Length)
        {
            var read = stream.Read(part, filled, (int)Math.Min(part.Length - filled, length - Size - filled));
            if (read == 0)
            {
                break;
            }
            filled += read;
            var used = 0;
            while (part.AsSpan(used, filled - used).IndexOf((byte)'\n') is var end and >= 0)
            {
                lines++;
                if (JournalRecord.TryParse(part.AsSpan(used, end)) is not { } record)
                {
                    // Pages reach the disk in any order, so a torn write may contain a line feed; only the last line can be torn.
                    if (mayBeTorn && Size + filled - used == length && used + end + 1 == filled)
                    {
                        yield break;
                    }
                    throw Damaged(lines);
                }
                used += end + 1;
                Size += end + 1;
                yield return record;
            }
            part.AsSpan(used, filled - used).CopyTo(part);
            filled -= used;
        }
        if (filled == part.Length || (filled > 0 && !mayBeTorn))
        {
            throw Damaged(lines + 1);
        }
    }

    private RefusedException Damaged(int line) =>
        new(MeteringReasons.DamagedJournal.Because($"{name}: line {line} is damaged", new RefusalLocation(name, Line: line)));
}
