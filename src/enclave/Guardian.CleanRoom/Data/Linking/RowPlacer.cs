using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Guardian.CleanRoom.Contract;
using Guardian.CleanRoom.Data.Ordering;
using Guardian.CleanRoom.Layout;
using Guardian.CleanRoom.Matching;

namespace Guardian.CleanRoom.Data.Linking;

/// <summary>
/// Gives rows the tags by which they are sorted: in each pass, a tag that follows from the identifier of the pass, and at the end the tag
/// of their person. All tags are AES-256 of the owners' tags under a key that only the enclave has, so no owner chooses where rows meet.
/// Every slot is read and written in the same way; masks, not branches, depend on its content. Not thread-safe.
/// </summary>
/// <remarks>
/// A block of 16 bytes is <c>first 64 bits of the identifier's tag | pass * 2^16</c> for a pass, and <c>tag with its lowest 16 bits
/// replaced by 1 + the data set's number</c> for a row that is nobody else's, so no two blocks of different meaning are equal.
/// </remarks>
internal sealed class RowPlacer : IDisposable
{
    private readonly RoomContract contract;
    private readonly RoomLayout layout;
    private readonly LinkFormat format;
    private readonly Aes aes = Aes.Create();
    private byte[] blocks = [];
    private byte[] encrypted = [];

    /// <param name="contract">The contract.</param>
    /// <param name="layout">The room's layout.</param>
    /// <param name="format">The columns of the rows.</param>
    /// <param name="key">32 bytes.</param>
    public RowPlacer(RoomContract contract, RoomLayout layout, LinkFormat format, byte[] key)
    {
        (this.contract, this.layout, this.format) = (contract, layout, format);
        aes.Key = key;
    }

    /// <summary>Copies the rows of a version into a group to link, with their identifiers and a tag of their own.</summary>
    /// <param name="version">A group of the version, as it was uploaded.</param>
    /// <param name="uploaded">The data set as it is uploaded.</param>
    /// <param name="group">Index of the group.</param>
    /// <param name="side">Whose rows they are.</param>
    /// <param name="target">Receives the group.</param>
    /// <param name="columns">Its columns, with at least as many slots as the version.</param>
    public void Begin(ReadOnlySpan<byte> version, DataSet uploaded, int group, byte side, Span<byte> target, GroupColumns columns)
    {
        target.Clear();
        target[..(2 * sizeof(ulong) * columns.Slots)].Fill(0xFF);
        var dataSet = contract.FindDataSet(uploaded.Name)!;
        var from = new GroupColumns(layout, uploaded);
        if (side == LinkColumns.OfDataSet && format.FirstKey > 0)
        {
            new GroupColumns(layout, dataSet).CopyRows(version, 0, columns, target, 0, from.Capacity);
        }
        var (hasPasses, isKeyed) = (format.FirstHome > format.FirstKey, uploaded.Columns.Count > dataSet.Columns.Count);
        for (var index = 0; hasPasses && isKeyed && index < 2 * dataSet.Passes.Count; index++)
        {
            var column = format.FirstKey + (2 * dataSet.Passes[index / 2]) + (index % 2);
            from.Codes(dataSet.Columns.Count + index, version).CopyTo(columns.Codes(column, target));
        }
        WriteOwnTags(version, from, group, 1 + contract.DataSets.ToList().FindIndex(each => each.Name == dataSet.Name));
        WriteMarks(version, from, side, target, columns);
        if (hasPasses && !isKeyed)
        {
            WriteOnlyIdentifier(version, from, group, dataSet.Passes[0], target, columns);
        }
    }

    /// <summary>Gives the rows of a group the tags of a pass. Rows without this identifier, and linked ones, go to the tag of their person,
    /// where nothing is linked.</summary>
    public void PlaceFor(int pass, Span<byte> group, GroupColumns columns)
    {
        var high = Halves(format.FirstKey + (2 * pass), group, columns);
        var low = Halves(format.FirstKey + (2 * pass) + 1, group, columns);
        var input = Reserve(columns.Slots);
        for (var slot = 0; slot < columns.Slots; slot++)
        {
            (input[2 * slot], input[(2 * slot) + 1]) = (((ulong)high[slot] << 32) | low[slot], (ulong)pass << Elements.PayloadBits);
        }
        var tags = Encrypt(columns.Slots);
        var words = WordsOf(group, columns);
        var rests = RestsOf(group, columns);
        var sides = columns.Codes(format.Side, group);
        var eligible = columns.Codes(format.Eligible, group);
        var linked = columns.Codes(format.Linked, group);
        var homes = HomesOf(group, columns);
        for (var slot = 0; slot < columns.Slots; slot++)
        {
            var hasKey = MaskOf(((ulong)high[slot] << 32) | low[slot]);
            var isFree = ~MaskOf(linked[slot]);
            var home = homes.At(slot);
            var isRow = MaskOf(sides[slot]);
            eligible[slot] = (byte)(sides[slot] & hasKey & isFree);
            Write(slot, isRow, (tags[2 * slot] & hasKey) | (home.High & ~hasKey), (tags[(2 * slot) + 1] & hasKey) | (home.Low & ~hasKey),
                words, rests);
        }
    }

    /// <summary>Gives the rows of the data set the tag of their person, and empties the slots of the persons' rows.</summary>
    public void PlaceAtHome(Span<byte> group, GroupColumns columns)
    {
        var words = WordsOf(group, columns);
        var rests = RestsOf(group, columns);
        var homes = HomesOf(group, columns);
        var sides = columns.Codes(format.Side, group);
        for (var slot = 0; slot < columns.Slots; slot++)
        {
            var home = homes.At(slot);
            Write(slot, ~MaskOf((ulong)sides[slot] ^ LinkColumns.OfDataSet), home.High, home.Low, words, rests);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => aes.Dispose();

    // All ones where a value is not zero, else zero.
    private static ulong MaskOf(ulong value)
    {
        unchecked
        {
            return 0UL - ((value | (0UL - value)) >> 63);
        }
    }

    private static void Write(int slot, ulong isRow, ulong high, ulong low, Span<ulong> words, Span<ulong> rests)
    {
        unchecked
        {
            // All ones mark an empty slot; the one tag in 2^64 that has them becomes its neighbour.
            var isEmpty = ~MaskOf(high ^ Elements.Empty);
            words[slot] = ((high + isEmpty) & isRow) | ~isRow;
            rests[slot] = (low & ~Elements.PayloadMask & isRow) | ~isRow;
        }
    }

    private static Span<uint> Halves(int column, Span<byte> group, GroupColumns columns) =>
        MemoryMarshal.Cast<byte, uint>(columns.Codes(column, group));

    private static Span<ulong> WordsOf(Span<byte> group, GroupColumns columns) => MemoryMarshal.Cast<byte, ulong>(group)[..columns.Slots];

    private static Span<ulong> RestsOf(Span<byte> group, GroupColumns columns) =>
        MemoryMarshal.Cast<byte, ulong>(group).Slice(columns.Slots, columns.Slots);

    private Homes HomesOf(Span<byte> group, GroupColumns columns) => new(
        Halves(format.FirstHome, group, columns), Halves(format.FirstHome + 1, group, columns),
        Halves(format.FirstHome + 2, group, columns), Halves(format.FirstHome + 3, group, columns));

    private void WriteOwnTags(ReadOnlySpan<byte> version, GroupColumns from, int group, int number)
    {
        var words = from.Words(version);
        var rests = from.Rests(version);
        var input = Reserve(from.Slots);
        for (var slot = 0; slot < from.Slots; slot++)
        {
            var tag = TagAt(words, rests, group, slot);
            (input[2 * slot], input[(2 * slot) + 1]) = (tag.High, (tag.Low & ~Elements.PayloadMask) | (uint)number);
        }
    }

    private void WriteMarks(ReadOnlySpan<byte> version, GroupColumns from, byte side, Span<byte> target, GroupColumns columns)
    {
        var words = from.Words(version);
        var tags = Encrypt(from.Slots);
        var sides = columns.Codes(format.Side, target);
        var homes = HomesOf(target, columns);
        for (var slot = 0; slot < from.Slots; slot++)
        {
            var isRow = MaskOf(words[slot] ^ Elements.Empty);
            sides[slot] = (byte)(side & isRow);
            homes.Set(slot, tags[2 * slot] & isRow, tags[(2 * slot) + 1] & isRow);
        }
    }

    private void WriteOnlyIdentifier(
        ReadOnlySpan<byte> version, GroupColumns from, int group, int pass, Span<byte> target, GroupColumns columns)
    {
        var words = from.Words(version);
        var rests = from.Rests(version);
        var high = Halves(format.FirstKey + (2 * pass), target, columns);
        var low = Halves(format.FirstKey + (2 * pass) + 1, target, columns);
        for (var slot = 0; slot < from.Slots; slot++)
        {
            var key = TagAt(words, rests, group, slot).High & MaskOf(words[slot] ^ Elements.Empty);
            (high[slot], low[slot]) = ((uint)(key >> 32), (uint)(key & uint.MaxValue));
        }
    }

    private Tag TagAt(ReadOnlySpan<ulong> words, ReadOnlySpan<ulong> rests, int group, int slot) =>
        layout.TagOf((group * RoomLayout.BucketsPerGroup) + (slot % RoomLayout.BucketsPerGroup), words[slot], rests[slot]);

    private Span<ulong> Reserve(int slots)
    {
        if (blocks.Length < 16 * slots)
        {
            (blocks, encrypted) = (new byte[16 * slots], new byte[16 * slots]);
        }
        return MemoryMarshal.Cast<byte, ulong>(blocks.AsSpan(0, 16 * slots));
    }

    // Each block alone is a permutation of 128 bits under the key: that is what ECB computes.
    private ReadOnlySpan<ulong> Encrypt(int slots)
    {
        aes.EncryptEcb(blocks.AsSpan(0, 16 * slots), encrypted, PaddingMode.None);
        return MemoryMarshal.Cast<byte, ulong>(encrypted.AsSpan(0, 16 * slots));
    }

    // The tags of the persons of a group's rows.
    private readonly ref struct Homes(Span<uint> first, Span<uint> second, Span<uint> third, Span<uint> fourth)
    {
        private readonly Span<uint> first = first;
        private readonly Span<uint> second = second;
        private readonly Span<uint> third = third;
        private readonly Span<uint> fourth = fourth;

        public Tag At(int slot) => new(((ulong)first[slot] << 32) | second[slot], ((ulong)third[slot] << 32) | fourth[slot]);

        public void Set(int slot, ulong high, ulong low)
        {
            unchecked
            {
                (first[slot], second[slot]) = ((uint)(high >> 32), (uint)high);
                (third[slot], fourth[slot]) = ((uint)(low >> 32), (uint)low);
            }
        }
    }
}
