namespace Guardian.CleanRoom;

/// <summary>
/// Counts matched persons and sums their measures by cell. Every sum is touched for every element. No sum overflows for up to 2^31 persons, as codes have 32 bits.
/// </summary>
internal sealed class SumScan<TLanes, T>(int sides, int cells, SumPlan plan, IReadOnlyList<ValueField> fields) : IScan<CellTotals[]>
    where TLanes : struct, ILanes<T> where T : struct
{
    private const nuint Lanes = RoomLayout.BucketsPerGroup;

    // Sums by cell: persons; count, sum, low and high halves of the squares of each measure; count, sums and halves of the products of each pair.
    private const int MeasureWords = 4;
    private const int ProductWords = 5;

    private readonly int wordsPerCell = 1 + (MeasureWords * plan.Measures.Count) + (ProductWords * plan.Products.Count);
    private readonly AlignedBytes sums = Zeroed(cells * (1 + (MeasureWords * plan.Measures.Count) + (ProductWords * plan.Products.Count)));

    // Of the row at hand: for each measure its distance and whether it is there.
    private readonly AlignedBytes measured = Zeroed(2 * plan.Measures.Count);

    /// <inheritdoc/>
    public void Add(MergeBuffers merged)
    {
        ref var words = ref merged.Word(0);
        var payload = merged.Payload;
        for (var row = sides - 1; row < merged.Rows; row++)
        {
            var index = (nuint)row * Lanes;
            var isMatch = Matches<TLanes, T>.Of(ref words, index, sides, payload);
            var code = Matches<TLanes, T>.CellOf(ref words, index, sides, payload);
            for (var k = 0; k < fields.Count; k++)
            {
                Measure(merged, row, k);
            }
            for (var cell = 0; cell < cells; cell++)
            {
                AddToCell(cell * wordsPerCell, TLanes.And(isMatch, TLanes.Equal(code, TLanes.All((ulong)cell))));
            }
        }
    }

    /// <inheritdoc/>
    public CellTotals[] Total() => [.. Enumerable.Range(0, cells).Select(Total)];

    private void Measure(MergeBuffers merged, int row, int measure)
    {
        var code = Matches<TLanes, T>.CodeOf(merged, row, sides, fields[measure]);
        var isEmpty = TLanes.Equal(code, TLanes.All(0));
        TLanes.Store(TLanes.AndNot(TLanes.Subtract(code, TLanes.All(1)), isEmpty), ref measured.FirstWord, Word(2 * measure));
        TLanes.Store(TLanes.Xor(isEmpty, TLanes.All(ulong.MaxValue)), ref measured.FirstWord, Word((2 * measure) + 1));
    }

    private void AddToCell(int word, T where)
    {
        AddTo(word++, TLanes.And(where, TLanes.All(1)));
        for (var k = 0; k < plan.Measures.Count; k++)
        {
            var isThere = TLanes.And(where, IsThere(k));
            var distance = TLanes.And(Distance(k), isThere);
            AddTo(word++, TLanes.And(isThere, TLanes.All(1)));
            AddTo(word++, distance);
            AddHalves(ref word, TLanes.Multiply(distance, distance));
        }
        for (var k = 0; k < plan.Products.Count; k++)
        {
            var (one, two) = plan.Products[k];
            var areThere = TLanes.And(where, TLanes.And(IsThere(one), IsThere(two)));
            var (first, second) = (TLanes.And(Distance(one), areThere), TLanes.And(Distance(two), areThere));
            AddTo(word++, TLanes.And(areThere, TLanes.All(1)));
            AddTo(word++, first);
            AddTo(word++, second);
            AddHalves(ref word, TLanes.Multiply(first, second));
        }
    }

    private void AddHalves(ref int word, T product)
    {
        AddTo(word++, TLanes.And(product, TLanes.All(uint.MaxValue)));
        AddTo(word++, TLanes.ShiftRight(product, 32));
    }

    private void AddTo(int word, T value)
    {
        var index = Word(word);
        TLanes.Store(TLanes.Add(TLanes.Load(ref sums.FirstWord, index), value), ref sums.FirstWord, index);
    }

    private T Distance(int measure) => TLanes.Load(ref measured.FirstWord, Word(2 * measure));

    private T IsThere(int measure) => TLanes.Load(ref measured.FirstWord, Word((2 * measure) + 1));

    private CellTotals Total(int cell)
    {
        var word = cell * wordsPerCell;
        var persons = Sum(word++);
        var measures = new List<MeasureSums>();
        foreach (var _ in plan.Measures)
        {
            measures.Add(new MeasureSums(Sum(word), Sum(word + 1), Halves(word + 2)));
            word += MeasureWords;
        }
        var products = new List<ProductSums>();
        foreach (var _ in plan.Products)
        {
            products.Add(new ProductSums(Sum(word), Sum(word + 1), Sum(word + 2), Halves(word + 3)));
            word += ProductWords;
        }
        return new CellTotals(persons, measures, products);
    }

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
