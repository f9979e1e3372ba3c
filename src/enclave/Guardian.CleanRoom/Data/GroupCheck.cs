using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Guardian.CleanRoom.Contract;
using Guardian.CleanRoom.Matching;
using Guardian.CleanRoom.Matching.Lanes;

namespace Guardian.CleanRoom.Data;

/// <summary>
/// Checks a group that a partner sent, before anything is computed on it: rows ascend, none stands twice, each stands in its bucket, all is padded as the layout
/// says, and the columns know their codes. Of rows in any order, that none stands where no more may be. One pass over every slot, which never branches or addresses by what it finds. One per thread.
/// </summary>
internal sealed class GroupCheck
{
    private readonly ICheck check;

    public GroupCheck(RoomLayout layout, DataSet dataSet, UploadForm form = UploadForm.Sorted) => check = MatchEngine.Widest switch
    {
        LaneWidth.Bits512 => new GroupCheck<Lanes512, Vector512<ulong>>(layout, dataSet, form),
        LaneWidth.Bits256 => new GroupCheck<Lanes256, TwoVectors>(layout, dataSet, form),
        _ => new GroupCheck<LanesScalar, EightWords>(layout, dataSet, form),
    };

    internal interface ICheck
    {
        string? FindProblem(int group, ReadOnlySpan<byte> plaintext, out int rows);
    }

    /// <summary>Checks a group.</summary>
    /// <param name="plaintext">Exactly <see cref="RoomLayout.GroupSize"/> bytes.</param>
    /// <param name="rows">Rows that are not empty.</param>
    /// <returns>What is wrong, or null.</returns>
    public string? FindProblem(int group, ReadOnlySpan<byte> plaintext, out int rows) => check.FindProblem(group, plaintext, out rows);
}

/// <inheritdoc cref="GroupCheck"/>
internal sealed class GroupCheck<TLanes, T> : GroupCheck.ICheck where TLanes : struct, ILanes<T> where T : struct
{
    private const nuint Lanes = RoomLayout.BucketsPerGroup;

    private static readonly string[] Problems =
    [
        "an empty slot is not written as one",
        "a row follows an empty slot",
        "a tag has more than 112 bits",
        "a row stands in the wrong bucket",
        "rows are not in ascending order, or a person stands there twice",
        "there are more rows than belong in one chunk",
    ];

    private readonly RoomLayout layout;
    private readonly DataSet dataSet;
    private readonly UploadForm form;
    private readonly GroupColumns columns;

    // How far each bucket's last high word is from its first, and what was found: a word for each bucket and each sort of problem, the columns' last.
    private readonly AlignedBytes widths = new(sizeof(ulong) * RoomLayout.BucketsPerGroup);
    private readonly AlignedBytes found;

    public GroupCheck(RoomLayout layout, DataSet dataSet, UploadForm form = UploadForm.Sorted)
    {
        this.layout = layout;
        this.dataSet = dataSet;
        this.form = form;
        columns = new GroupColumns(layout, dataSet);
        found = new AlignedBytes((Problems.Length + dataSet.Columns.Count) * sizeof(ulong) * RoomLayout.BucketsPerGroup);
    }

    /// <inheritdoc/>
    public string? FindProblem(int group, ReadOnlySpan<byte> plaintext, out int rows)
    {
        for (var lane = 0; lane < RoomLayout.BucketsPerGroup; lane++)
        {
            var bucket = (group * RoomLayout.BucketsPerGroup) + lane;
            widths.Words[lane] = layout.LastOf(bucket) - layout.FirstOf(bucket);
        }
        rows = CheckTags(plaintext);
        for (var column = 0; column < dataSet.Columns.Count; column++)
        {
            CheckCodes(column, plaintext);
        }
        // Whether an upload is refused, and why, is what its owner is told anyway.
        var first = found.Words.IndexOfAnyExcept(0UL);
        if (first < 0)
        {
            return null;
        }
        var (problem, inBucket) = Math.DivRem(first, RoomLayout.BucketsPerGroup);
        return problem < Problems.Length
            ? $"chunk {group}, bucket {inBucket}: {Problems[problem]}"
            : $"chunk {group}: column '{dataSet.Columns[problem - Problems.Length].Name}' holds a code that it does not have";
    }

    private int CheckTags(ReadOnlySpan<byte> plaintext)
    {
        ref var words = ref MemoryMarshal.GetReference(columns.Words(plaintext));
        ref var rests = ref MemoryMarshal.GetReference(columns.Rests(plaintext));
        var (none, all) = (TLanes.All(0), TLanes.All(ulong.MaxValue));
        var width = TLanes.Load(ref widths.FirstWord, 0);
        var (badEmpty, afterEmpty, tooLong, misplaced, unordered, beyond, count) = (none, none, none, none, none, none, none);
        var (before, wasRow) = (none, all);
        var isSorted = form != UploadForm.Unsorted;
        var zeros = TLanes.All((Elements.PayloadMask << (isSorted ? layout.CommonBits : 0)) | Elements.PayloadMask);
        var limit = (nuint)(isSorted ? columns.Slots : layout.UnsortedSlots(dataSet));
        for (nuint slot = 0; slot < (nuint)columns.Slots; slot += Lanes)
        {
            var (word, rest) = (TLanes.Load(ref words, slot), TLanes.Load(ref rests, slot));
            var isEmpty = TLanes.Equal(word, all);
            var isRow = TLanes.Xor(isEmpty, all);
            badEmpty = TLanes.Or(badEmpty, TLanes.And(isEmpty, TLanes.Xor(rest, all)));
            tooLong = TLanes.Or(tooLong, TLanes.And(isRow, TLanes.And(rest, zeros)));
            count = TLanes.Subtract(count, isRow);
            if (slot >= limit)
            {
                beyond = TLanes.Or(beyond, isRow);
            }
            if (!isSorted)
            {
                continue;
            }
            afterEmpty = TLanes.Or(afterEmpty, TLanes.AndNot(isRow, wasRow));
            misplaced = TLanes.Or(misplaced, TLanes.And(isRow, TLanes.Greater(TLanes.ShiftRight(word, layout.CommonBits), width)));
            var person = TLanes.ShiftRight(word, Elements.PayloadBits);
            // The first slot has nothing before it; slot is public.
            var ascends = slot == 0 ? all : TLanes.Greater(person, before);
            unordered = TLanes.Or(unordered, TLanes.AndNot(TLanes.And(isRow, wasRow), ascends));
            (before, wasRow) = (person, isRow);
        }
        Report(0, badEmpty);
        Report(1, afterEmpty);
        Report(2, tooLong);
        Report(3, misplaced);
        Report(4, unordered);
        Report(5, beyond);
        return (int)TLanes.Sum(count);
    }

    private void CheckCodes(int column, ReadOnlySpan<byte> plaintext)
    {
        ref var words = ref MemoryMarshal.GetReference(columns.Words(plaintext));
        ref var codes = ref MemoryMarshal.GetReference(columns.Codes(column, plaintext));
        var greatest = TLanes.All((ulong)(dataSet.Columns[column].Maximum - dataSet.Columns[column].Minimum) + 1);
        var size = columns.CodeSize(column);
        var wrong = TLanes.All(0);
        for (nuint slot = 0; slot < (nuint)columns.Slots; slot += Lanes)
        {
            var code = TLanes.LoadCodes(ref codes, slot, size);
            var isEmpty = TLanes.Equal(TLanes.Load(ref words, slot), TLanes.All(Elements.Empty));
            wrong = TLanes.Or(wrong, TLanes.Or(TLanes.Greater(code, greatest), TLanes.And(code, isEmpty)));
        }
        Report(Problems.Length + column, wrong);
    }

    private void Report(int problem, T lanes) => TLanes.Store(lanes, ref found.FirstWord, (nuint)problem * Lanes);
}
