using System.Numerics;

namespace Guardian.Bench.CleanRoom;

/// <summary>Rows of one partner, in random order: 112 random bits for a person, an attribute of 10 values and one of 100.</summary>
internal sealed class Table
{
    /// <param name="rows">The number of rows.</param>
    /// <param name="first">Number of the first person; the others follow.</param>
    /// <param name="seed">Seed of the attributes.</param>
    public Table(int rows, long first, ulong seed)
    {
        (High, Low, One, Two) = (new ulong[rows], new ulong[rows], new byte[rows], new byte[rows]);
        // A step without common factor with the rows visits each row once, in an order that looks random.
        var step = 1_000_003L;
        while (BigInteger.GreatestCommonDivisor(step, rows) != 1)
        {
            step += 2;
        }
        Parallel.For(0, rows, row =>
        {
            var person = (ulong)(first + (row * step % rows));
            High[row] = Mix((2 * person) + 1);
            Low[row] = Mix(2 * person) & ~0xFFFFUL;
            var attributes = Mix(person ^ seed);
            (One[row], Two[row]) = ((byte)(attributes % 10), (byte)((attributes >> 32) % 100));
        });
    }

    public ulong[] High { get; }

    public ulong[] Low { get; }

    public byte[] One { get; }

    public byte[] Two { get; }

    // SplitMix64 (Steele, Lea, Flood 2014).
    private static ulong Mix(ulong value)
    {
        unchecked
        {
            value += 0x9E3779B97F4A7C15UL;
            value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9UL;
            value = (value ^ (value >> 27)) * 0x94D049BB133111EBUL;
            return value ^ (value >> 31);
        }
    }
}
