namespace Guardian.Fuzz;

/// <summary>Changes inputs as damage and attackers do: bits, bytes, lengths, cuts, repetitions, and parts of other inputs.</summary>
internal sealed class Mutator(Random random, IReadOnlyList<byte[]> seeds)
{
    private const int MaxSize = 64 * 1024;

    // Lengths and counters often fail at these numbers.
    private static readonly uint[] Edges = [0, 1, 0x7F, 0x80, 0xFF, 0x100, 0x7FFF, 0x8000, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF];

    public byte[] CreateInput()
    {
        var bytes = new List<byte>(seeds[random.Next(seeds.Count)]);
        for (var change = random.Next(1, 6); change > 0; change--)
        {
            Change(bytes);
        }
        return [.. bytes.Take(MaxSize)];
    }

    private void Change(List<byte> bytes)
    {
        if (bytes.Count == 0)
        {
            bytes.Add((byte)random.Next(256));
            return;
        }
        var at = random.Next(bytes.Count);
        switch (random.Next(7))
        {
            case 0:
                bytes[at] ^= (byte)(1 << random.Next(8));
                break;
            case 1:
                bytes[at] = (byte)random.Next(256);
                break;
            case 2:
                bytes.RemoveRange(at, random.Next(bytes.Count - at));
                break;
            case 3:
                bytes.InsertRange(at, bytes.GetRange(at, random.Next(Math.Min(bytes.Count - at, 256))));
                break;
            case 4:
                var other = seeds[random.Next(seeds.Count)];
                var start = random.Next(other.Length + 1);
                bytes.InsertRange(at, other.AsSpan(start, random.Next(other.Length - start + 1)).ToArray());
                break;
            case 5:
                WriteEdge(bytes, at);
                break;
            default:
                bytes.Insert(at, (byte)random.Next(256));
                break;
        }
    }

    private void WriteEdge(List<byte> bytes, int at)
    {
        var edge = Edges[random.Next(Edges.Length)];
        var size = 1 << random.Next(3);
        var isBigEndian = random.Next(2) == 0;
        for (var i = 0; i < size && at + i < bytes.Count; i++)
        {
            bytes[at + i] = unchecked((byte)(edge >> (8 * (isBigEndian ? size - 1 - i : i))));
        }
    }
}
