using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Guardian.CleanRoom.Base;
using Guardian.CleanRoom.Contract;
using Guardian.CleanRoom.Layout;
using Guardian.CleanRoom.Matching;
using Guardian.CleanRoom.Matching.Lanes;

namespace Guardian.CleanRoom.Data;

/// <summary>
/// Checks a group of an upload before anything is computed on it: rows ascend, no person occurs twice, every row is in its bucket, padding
/// follows the layout, and columns hold known codes. In an upload in any order, no row is beyond the allowed slots. It is one pass over
/// every slot, which never branches or addresses by the data. One per thread.
/// </summary>
internal sealed class GroupCheck
{
    private readonly ICheck check;

    public GroupCheck(RoomLayout layout, DataSet dataSet, UploadForm form = UploadForm.Sorted) => check = ProcessorLanes.Widest switch
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
    /// <param name="group">Index of the group.</param>
    /// <param name="plaintext">Exactly <see cref="RoomLayout.GroupSize"/> bytes.</param>
    /// <param name="rows">Receives the number of rows that are not empty.</param>
    /// <returns>The first problem, or null.</returns>
    public string? FindProblem(int group, ReadOnlySpan<byte> plaintext, out int rows) => check.FindProblem(group, plaintext, out rows);
}

/// <inheritdoc cref="GroupCheck"/>
internal sealed class GroupCheck<TLanes, T> : GroupCheck.ICheck where TLanes : struct, ILanes<T> where T : struct
{
    private const nuint Lanes = RoomLayout.BucketsPerGroup;

    private static readonly string[] Problems =
    [
        "an empty slot is not all ones and zeros",
        "a row follows an empty slot",
        "a tag has more than 112 bits",
        "a row is in the wrong bucket",
        "rows are not in ascending order, or a person occurs twice",
        "there are more rows than belong in one chunk",
    ];

    private readonly RoomLayout layout;
    private readonly DataSet dataSet;
    private readonly UploadForm form;
    private readonly GroupColumns columns;

    // For each bucket the distance of its last high word from its first.
    private readonly AlignedBytes widths = new(sizeof(ulong) * RoomLayout.BucketsPerGroup);

    // The findings: a word for each problem and bucket; the problems of columns are last.
    private readonly AlignedBytes findings;

    public GroupCheck(RoomLayout layout, DataSet dataSet, UploadForm form = UploadForm.Sorted)
    {
        this.layout = layout;
        this.dataSet = dataSet;
        this.form = form;
        columns = new GroupColumns(layout, dataSet);
        findings = new AlignedBytes((Problems.Length + dataSet.Columns.Count) * sizeof(ulong) * RoomLayout.BucketsPerGroup);
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
        // A branch on the result is harmless: its owner learns it anyway.
        var first = findings.Words.IndexOfAnyExcept(0UL);
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
            var isOutside = TLanes.Greater(TLanes.ShiftRight(word, layout.CommonBits), width);
            misplaced = TLanes.Or(misplaced, TLanes.And(isRow, isOutside));
            var person = TLanes.ShiftRight(word, Elements.PayloadBits);
            // The first slot has no predecessor; slot is public.
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
        var unknown = TLanes.All(0);
        for (nuint slot = 0; slot < (nuint)columns.Slots; slot += Lanes)
        {
            var code = TLanes.LoadCodes(ref codes, slot, size);
            var isEmpty = TLanes.Equal(TLanes.Load(ref words, slot), TLanes.All(Elements.Empty));
            unknown = TLanes.Or(unknown, TLanes.Or(TLanes.Greater(code, greatest), TLanes.And(code, isEmpty)));
        }
        Report(Problems.Length + column, unknown);
    }

    private void Report(int problem, T lanes) => TLanes.Store(lanes, ref findings.FirstWord, (nuint)problem * Lanes);
}
