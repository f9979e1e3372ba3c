using System.Runtime.InteropServices;
using Guardian.CleanRoom.Layout;
using Guardian.CleanRoom.Matching;

namespace Guardian.CleanRoom.Data.Linking;

/// <summary>A group of rows to link.</summary>
/// <param name="layout">The layout of the group.</param>
/// <param name="format">Its columns.</param>
/// <param name="group">Its bytes.</param>
internal readonly ref struct LinkGroup(RoomLayout layout, LinkFormat format, Span<byte> group)
{
    private readonly Span<byte> group = group;

    public LinkFormat Format { get; } = format;

    public GroupColumns Columns { get; } = new(layout, format.Rows);

    /// <summary>The bytes.</summary>
    public Span<byte> Bytes => group;

    /// <summary>The first and the second word of each slot.</summary>
    public TwoWords<ulong> Words
    {
        get
        {
            var words = MemoryMarshal.Cast<byte, ulong>(group);
            return new(words[..Columns.Slots], words.Slice(Columns.Slots, Columns.Slots));
        }
    }

    /// <summary>Makes all slots empty.</summary>
    public void Clear()
    {
        group.Clear();
        group[..(2 * sizeof(ulong) * Columns.Slots)].Fill(0xFF);
    }

    /// <summary>A column of marks.</summary>
    public Span<byte> Marks(int column) => Columns.Codes(column, group);

    /// <summary>The two halves of the identifiers of a pass to come.</summary>
    public TwoWords<uint> Keys(int pass) => new(Halves(Format.KeyOf(pass)), Halves(Format.KeyOf(pass) + 1));

    /// <summary>The tags of the rows' persons.</summary>
    public PersonTags Persons() => new(
        Halves(Format.FirstHome + 1), Halves(Format.FirstHome + 2),
        MemoryMarshal.Cast<byte, ushort>(Columns.Codes(Format.FirstHome, group)));

    /// <summary>Copies the columns of the data set, the tags of persons, and the identifiers that the target has.</summary>
    /// <param name="target">A group of as many slots, sorted by a later pass.</param>
    public void CopyTo(LinkGroup target)
    {
        var skipped = Format.Side - target.Format.Side;
        for (var column = 0; column < target.Format.Side; column++)
        {
            var from = column < target.Format.FirstKey ? column : column + skipped;
            Columns.Codes(from, group).CopyTo(target.Columns.Codes(column, target.group));
        }
    }

    private Span<uint> Halves(int column) => MemoryMarshal.Cast<byte, uint>(Columns.Codes(column, group));
}

/// <summary>Two parts of a value for each slot.</summary>
internal readonly ref struct TwoWords<T>(Span<T> first, Span<T> second)
{
    public readonly Span<T> First = first;
    public readonly Span<T> Second = second;
}

/// <summary>The first 80 bits of the tag of each slot's person.</summary>
internal readonly ref struct PersonTags(Span<uint> first, Span<uint> second, Span<ushort> third)
{
    private const int LastShift = 48;
    private readonly Span<uint> first = first;
    private readonly Span<uint> second = second;
    private readonly Span<ushort> third = third;

    public Tag At(int slot) => new(((ulong)first[slot] << 32) | second[slot], (ulong)third[slot] << LastShift);

    public void Set(int slot, ulong high, ulong low)
    {
        unchecked
        {
            (first[slot], second[slot], third[slot]) = ((uint)(high >> 32), (uint)high, (ushort)(low >> LastShift));
        }
    }
}
