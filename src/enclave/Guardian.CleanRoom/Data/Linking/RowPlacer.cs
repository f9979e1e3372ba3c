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
/// A block of 16 bytes is <c>first 64 bits of the identifier's tag | pass * 2^16</c> for a pass, <c>tag with its lowest 16 bits replaced
/// by 1 + the data set's number</c> for a row that is nobody else's, and <c>80 bits | 2^16 - 1</c> at the end, where the 80 bits are the
/// first of the encrypted block of the person's row. So no two blocks of different meaning are equal.
/// </remarks>
/// <param name="contract">The contract.</param>
/// <param name="layout">The room's layout.</param>
/// <param name="key">32 bytes.</param>
internal sealed class RowPlacer(RoomContract contract, RoomLayout layout, byte[] key) : IDisposable
{
    private readonly Aes aes = CreateAes(key);
    private byte[] blocks = [];
    private byte[] encrypted = [];

    /// <summary>Copies the rows of a version into a group to link, with their identifiers and a tag of their own.</summary>
    /// <param name="version">A group of the version, as it was uploaded.</param>
    /// <param name="uploaded">The data set as it is uploaded.</param>
    /// <param name="group">Index of the group.</param>
    /// <param name="side">Whose rows they are.</param>
    /// <param name="target">Receives the group; it has at least as many slots as the version.</param>
    public void Begin(ReadOnlySpan<byte> version, DataSet uploaded, int group, byte side, LinkGroup target)
    {
        target.Clear();
        var dataSet = contract.FindDataSet(uploaded.Name)!;
        var from = new GroupColumns(layout, uploaded);
        if (side == LinkColumns.OfDataSet && target.Format.FirstHome > 0)
        {
            new GroupColumns(layout, dataSet).CopyRows(version, 0, target.Columns, target.Bytes, 0, from.Capacity);
        }
        WriteSides(version, from, side, target);
        if (target.Format.HasRows)
        {
            WriteOwnTags(version, from, group, 1 + contract.DataSets.ToList().FindIndex(each => each.Name == dataSet.Name), target);
        }
        if (target.Format.HasKeys && uploaded.Columns.Count == dataSet.Columns.Count)
        {
            WriteOnlyIdentifier(version, from, group, dataSet.Passes[0], target);
        }
        else if (target.Format.HasKeys)
        {
            CopyIdentifiers(version, from, dataSet, target);
        }
    }

    /// <summary>
    /// Copies rows to a group without the identifiers of this pass and of earlier ones, and gives them the tags of the pass. Rows that do
    /// not have this identifier, and linked ones, go to the tag of their person, where nothing is linked; without such tags, they go.
    /// </summary>
    public void PlaceFor(int pass, LinkGroup from, LinkGroup to)
    {
        var slots = from.Columns.Slots;
        var keys = from.Keys(pass);
        var input = Reserve(slots);
        for (var slot = 0; slot < slots; slot++)
        {
            (input[2 * slot], input[(2 * slot) + 1]) = (KeyAt(keys, slot), (ulong)pass << Elements.PayloadBits);
        }
        var tags = Encrypt(slots);
        from.CopyTo(to);
        var sides = to.Marks(to.Format.Side);
        var linked = to.Marks(to.Format.Linked);
        from.Marks(from.Format.Side).CopyTo(sides);
        from.Marks(from.Format.Linked).CopyTo(linked);
        var eligible = to.Marks(to.Format.Eligible);
        var words = to.Words;
        var persons = to.Format.HasRows ? to.Persons() : default;
        for (var slot = 0; slot < slots; slot++)
        {
            var (hasKey, isRow) = (MaskOf(KeyAt(keys, slot)), MaskOf(sides[slot]));
            eligible[slot] = (byte)(sides[slot] & hasKey & ~MaskOf(linked[slot]));
            // Whether rows have persons is public.
            var (person, stays) = to.Format.HasRows ? (persons.At(slot), isRow) : (default, isRow & hasKey);
            Write(
                slot, stays, (tags[2 * slot] & hasKey) | (person.High & ~hasKey),
                (tags[(2 * slot) + 1] & hasKey) | (person.Low & ~hasKey), words);
        }
    }

    /// <summary>Copies the columns of the data set and gives its rows the tag of their person; the slots of the persons' rows are empty.
    /// </summary>
    /// <param name="from">Rows after the last pass.</param>
    /// <param name="target">Receives a group of as many slots in the data set's own columns.</param>
    public void PlaceAtHome(LinkGroup from, Span<byte> target)
    {
        var slots = from.Columns.Slots;
        var persons = from.Persons();
        var input = Reserve(slots);
        for (var slot = 0; slot < slots; slot++)
        {
            var person = persons.At(slot);
            (input[2 * slot], input[(2 * slot) + 1]) = (person.High, person.Low | Elements.PayloadMask);
        }
        var tags = Encrypt(slots);
        var own = target[(2 * sizeof(ulong) * slots)..];
        from.Bytes.Slice(2 * sizeof(ulong) * slots, own.Length).CopyTo(own);
        var all = MemoryMarshal.Cast<byte, ulong>(target);
        var words = new TwoWords<ulong>(all[..slots], all.Slice(slots, slots));
        var sides = from.Marks(from.Format.Side);
        for (var slot = 0; slot < slots; slot++)
        {
            Write(slot, ~MaskOf((ulong)sides[slot] ^ LinkColumns.OfDataSet), tags[2 * slot], tags[(2 * slot) + 1], words);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => aes.Dispose();

    private static Aes CreateAes(byte[] key)
    {
        var aes = Aes.Create();
        aes.Key = key;
        return aes;
    }

    private static ulong KeyAt(TwoWords<uint> keys, int slot) => ((ulong)keys.First[slot] << 32) | keys.Second[slot];

    // All ones where a value is not zero, else zero.
    private static ulong MaskOf(ulong value)
    {
        unchecked
        {
            return 0UL - ((value | (0UL - value)) >> 63);
        }
    }

    private static void Write(int slot, ulong isRow, ulong high, ulong low, TwoWords<ulong> words)
    {
        unchecked
        {
            // All ones mark an empty slot; the one tag in 2^64 that has them becomes its neighbour.
            var isEmpty = ~MaskOf(high ^ Elements.Empty);
            words.First[slot] = ((high + isEmpty) & isRow) | ~isRow;
            words.Second[slot] = (low & ~Elements.PayloadMask & isRow) | ~isRow;
        }
    }

    private static void WriteSides(ReadOnlySpan<byte> version, GroupColumns from, byte side, LinkGroup target)
    {
        var words = from.Words(version);
        var sides = target.Marks(target.Format.Side);
        for (var slot = 0; slot < from.Slots; slot++)
        {
            sides[slot] = (byte)(side & MaskOf(words[slot] ^ Elements.Empty));
        }
    }

    private static void CopyIdentifiers(ReadOnlySpan<byte> version, GroupColumns from, DataSet dataSet, LinkGroup target)
    {
        for (var index = 0; index < 2 * dataSet.Passes.Count; index++)
        {
            var column = target.Format.KeyOf(dataSet.Passes[index / 2]) + (index % 2);
            from.Codes(dataSet.Columns.Count + index, version).CopyTo(target.Columns.Codes(column, target.Bytes));
        }
    }

    private void WriteOwnTags(ReadOnlySpan<byte> version, GroupColumns from, int group, int number, LinkGroup target)
    {
        var words = from.Words(version);
        var rests = from.Rests(version);
        var input = Reserve(from.Slots);
        for (var slot = 0; slot < from.Slots; slot++)
        {
            var tag = TagAt(words, rests, group, slot);
            (input[2 * slot], input[(2 * slot) + 1]) = (tag.High, (tag.Low & ~Elements.PayloadMask) | (uint)number);
        }
        var tags = Encrypt(from.Slots);
        var persons = target.Persons();
        for (var slot = 0; slot < from.Slots; slot++)
        {
            var isRow = MaskOf(words[slot] ^ Elements.Empty);
            persons.Set(slot, tags[2 * slot] & isRow, tags[(2 * slot) + 1] & isRow);
        }
    }

    private void WriteOnlyIdentifier(ReadOnlySpan<byte> version, GroupColumns from, int group, int pass, LinkGroup target)
    {
        var words = from.Words(version);
        var rests = from.Rests(version);
        var keys = target.Keys(pass);
        for (var slot = 0; slot < from.Slots; slot++)
        {
            var key = TagAt(words, rests, group, slot).High & MaskOf(words[slot] ^ Elements.Empty);
            (keys.First[slot], keys.Second[slot]) = ((uint)(key >> 32), (uint)(key & uint.MaxValue));
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
}
