using Guardian.CleanRoom.Base;
using Guardian.CleanRoom.Layout;
using Guardian.CleanRoom.Matching.Lanes;

namespace Guardian.CleanRoom.Matching;

/// <summary>
/// Counts matched persons and sums their measures by cell. Every sum processes all elements. No sum overflows for up to 2^31 persons,
/// because codes have 32 bits.
/// </summary>
internal sealed class SumScan<TLanes, T>(int sides, int cells, SumPlan plan, IReadOnlyList<ValueField> fields) : IScan<CellTotals[]>
    where TLanes : struct, ILanes<T> where T : struct
{
    private const nuint Lanes = RoomLayout.BucketsPerGroup;

    // Words of sums for each pair: the count, both sums, and the low and high halves of the products.
    private const int PairWords = 5;

    // No cell has this number.
    private const ulong NoCell = ulong.MaxValue;

    // Each measure with itself, for its squares, then the pairs of the plan.
    private readonly IReadOnlyList<(int First, int Second)> pairs =
        [.. Enumerable.Range(0, plan.Measures.Count).Select(measure => (measure, measure)), .. plan.Products];
    private readonly int wordsPerCell = WordsPerCell(plan);
    private readonly AlignedBytes sums = Zeroed(cells * WordsPerCell(plan));

    // For the current group: the cell of the person who ends in each row; and for each measure the cells of persons who have a value, and
    // the distances of these values.
    private AlignedBytes? persons;
    private AlignedBytes[] holders = [];
    private AlignedBytes[] distances = [];

    // A person of two or more data sets ends at most once in two neighbouring rows, so those rows share an entry.
    private int RowsPerEntry => sides == 1 ? 1 : 2;

    /// <inheritdoc/>
    public void Add(MergeBuffers merged)
    {
        var (rows, entries) = (merged.Rows, merged.Rows / RowsPerEntry);
        if (persons is null)
        {
            persons = Zeroed(rows);
            (holders, distances) = ([.. fields.Select(_ => Zeroed(entries))], [.. fields.Select(_ => Zeroed(entries))]);
        }
        FindPersons(merged, ref persons.FirstWord);
        for (var k = 0; k < fields.Count; k++)
        {
            FindMeasure(merged, fields[k], ref persons.FirstWord, ref holders[k].FirstWord, ref distances[k].FirstWord);
        }
        for (var cell = 0; cell < cells; cell++)
        {
            var word = cell * wordsPerCell;
            AddCount(word++, (ulong)cell, ref persons.FirstWord, rows);
            foreach (var (first, second) in pairs)
            {
                AddPair(word, (ulong)cell, first, second, entries);
                word += PairWords;
            }
        }
    }

    /// <inheritdoc/>
    public CellTotals[] Total() => [.. Enumerable.Range(0, cells).Select(Total)];

    private void FindPersons(MergeBuffers merged, ref ulong target)
    {
        ref var words = ref merged.Word(0);
        var payload = merged.Payload;
        for (var row = 0; row < merged.Rows; row++)
        {
            var index = Word(row);
            var cell = TLanes.All(NoCell);
            if (row >= sides - 1)
            {
                cell = TLanes.Select(
                    Matches<TLanes, T>.Of(ref words, index, sides, payload),
                    Matches<TLanes, T>.CellOf(ref words, index, sides, payload),
                    cell);
            }
            TLanes.Store(cell, ref target, index);
        }
    }

    private void FindMeasure(MergeBuffers merged, ValueField field, ref ulong cellsOfPersons, ref ulong holder, ref ulong distance)
    {
        ref var values = ref merged.Value(field.Plane, 0);
        for (var row = 0; row < merged.Rows; row += RowsPerEntry)
        {
            var (cell, far) = (TLanes.All(NoCell), TLanes.All(0));
            for (var each = Math.Max(row, sides - 1); each < row + RowsPerEntry; each++)
            {
                var code = Matches<TLanes, T>.CodeOf(ref values, Word(each), sides, field);
                var own = TLanes.Or(TLanes.Load(ref cellsOfPersons, Word(each)), TLanes.Equal(code, TLanes.All(0)));
                far = TLanes.Or(far, TLanes.AndNot(TLanes.Subtract(code, TLanes.All(1)), TLanes.Equal(own, TLanes.All(NoCell))));
                cell = TLanes.Min(cell, own);
            }
            TLanes.Store(cell, ref holder, Word(row / RowsPerEntry));
            TLanes.Store(far, ref distance, Word(row / RowsPerEntry));
        }
    }

    private void AddCount(int word, ulong cell, ref ulong cellsOfPersons, int count)
    {
        var (wanted, total) = (TLanes.All(cell), TLanes.All(0));
        for (var i = 0; i < count; i++)
        {
            // A mask of all ones is minus one.
            total = TLanes.Subtract(total, TLanes.Equal(TLanes.Load(ref cellsOfPersons, Word(i)), wanted));
        }
        AddTo(word, total);
    }

    private void AddPair(int word, ulong cell, int first, int second, int entries)
    {
        ref var firstHolder = ref holders[first].FirstWord;
        ref var secondHolder = ref holders[second].FirstWord;
        ref var firstDistance = ref distances[first].FirstWord;
        ref var secondDistance = ref distances[second].FirstWord;
        var (wanted, low) = (TLanes.All(cell), TLanes.All(uint.MaxValue));
        var (count, firstSum, secondSum, lowHalves, highHalves) =
            (TLanes.All(0), TLanes.All(0), TLanes.All(0), TLanes.All(0), TLanes.All(0));
        for (var i = 0; i < entries; i++)
        {
            // A missing value is all ones, and so is the "or" of both cells.
            var areThere = TLanes.Equal(
                TLanes.Or(TLanes.Load(ref firstHolder, Word(i)), TLanes.Load(ref secondHolder, Word(i))), wanted);
            var one = TLanes.And(TLanes.Load(ref firstDistance, Word(i)), areThere);
            var two = TLanes.And(TLanes.Load(ref secondDistance, Word(i)), areThere);
            var product = TLanes.Multiply(one, two);
            count = TLanes.Subtract(count, areThere);
            firstSum = TLanes.Add(firstSum, one);
            secondSum = TLanes.Add(secondSum, two);
            lowHalves = TLanes.Add(lowHalves, TLanes.And(product, low));
            highHalves = TLanes.Add(highHalves, TLanes.ShiftRight(product, 32));
        }
        AddTo(word, count);
        AddTo(word + 1, firstSum);
        AddTo(word + 2, secondSum);
        AddTo(word + 3, lowHalves);
        AddTo(word + 4, highHalves);
    }

    private void AddTo(int word, T value) =>
        TLanes.Store(TLanes.Add(TLanes.Load(ref sums.FirstWord, Word(word)), value), ref sums.FirstWord, Word(word));

    private CellTotals Total(int cell)
    {
        var word = cell * wordsPerCell;
        var persons = Sum(word++);
        var measures = new List<MeasureSums>();
        foreach (var _ in plan.Measures)
        {
            measures.Add(new MeasureSums(Sum(word), Sum(word + 1), Halves(word + 3)));
            word += PairWords;
        }
        var products = new List<ProductSums>();
        foreach (var _ in plan.Products)
        {
            products.Add(new ProductSums(Sum(word), Sum(word + 1), Sum(word + 2), Halves(word + 3)));
            word += PairWords;
        }
        return new CellTotals(persons, measures, products);
    }

    private static int WordsPerCell(SumPlan plan) => 1 + (PairWords * (plan.Measures.Count + plan.Products.Count));

    private long Sum(int word) => (long)TLanes.Sum(TLanes.Load(ref sums.FirstWord, Word(word)));

    private Int128 Halves(int word) => ((Int128)Sum(word + 1) << 32) + Sum(word);

    private static nuint Word(int word) => (nuint)word * Lanes;

    private static AlignedBytes Zeroed(int words)
    {
        var bytes = new AlignedBytes(words * RoomLayout.BucketsPerGroup * sizeof(ulong));
        bytes.Span.Clear();
        return bytes;
    }
}
