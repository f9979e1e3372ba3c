using System.Buffers.Binary;
using Guardian.CleanRoom.Contract;
using Guardian.CleanRoom.Matching;
using Guardian.Wasi.Pure;

// Rooms run on Linux; partners use the other types of this library anywhere.
#pragma warning disable CA1416

namespace Guardian.CleanRoom.Programs;

/// <summary>
/// A program of the contract. It is run once for each place, in a fresh instance, so a person's parts depend on that person's cells alone,
/// whatever the program does; and the parts are bounded here, whatever it writes.
/// </summary>
/// <param name="program">The compiled program.</param>
/// <param name="design">Its design.</param>
/// <param name="columns">The columns that it reads.</param>
internal sealed class RoomProgram(PureProgram program, ProgramDesign design, IReadOnlyList<Column> columns) : IContributions, IDisposable
{
    /// <summary>The value that stands for an empty cell.</summary>
    public const long Empty = long.MinValue;

    /// <inheritdoc/>
    public int Count => design.CellCount;

    /// <inheritdoc/>
    public void Add(ReadOnlySpan<ulong> codes, long mask, Span<long> totals)
    {
        Span<byte> input = stackalloc byte[codes.Length * sizeof(long)];
        Span<byte> output = stackalloc byte[totals.Length * sizeof(long)];
        for (var i = 0; i < codes.Length; i++)
        {
            // Without a branch on the code: an empty cell has code 0, which becomes all ones here.
            var isEmpty = unchecked(-(long)((codes[i] - 1) >> 63));
            var value = unchecked((long)codes[i] - 1) + columns[i].Minimum;
            BinaryPrimitives.WriteInt64LittleEndian(input[(i * sizeof(long))..], (value & ~isEmpty) | (Empty & isEmpty));
        }
        _ = program.Run(input, output);
        var next = 0;
        foreach (var figures in design.Outputs)
        {
            var left = figures.Cap;
            for (var i = 0; i < figures.Cells.Count; i++, next++)
            {
                var part = BinaryPrimitives.ReadInt64LittleEndian(output[(next * sizeof(long))..]);
                part = Math.Min(Math.Max(part, 0), left);
                left -= part;
                totals[next] += part & mask;
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose() => program.Dispose();
}
