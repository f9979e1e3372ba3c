namespace Guardian.CleanRoom;

/// <summary>Turns a condition into ranges of codes.</summary>
internal static class PredicateCompiler
{
    // Each value costs a pass over the column.
    private const int MaxValues = 100;

    /// <summary>Compiles a condition on a column that may be filtered.</summary>
    public static Outcome<CodeRanges> Compile(Predicate predicate, DataSet dataSet, int index)
    {
        var column = dataSet.Columns[index];
        if (predicate.Values.Count == 0 || predicate.Values.Count > MaxValues || (predicate.Operator != "in" && predicate.Values.Count > 1))
        {
            return Refuse(predicate, $"needs one value, or for 'in' up to {MaxValues}");
        }
        var values = new List<long>();
        foreach (var text in predicate.Values)
        {
            if (!CellText.TryRead(column, text, out var value, out var problem))
            {
                return Refuse(predicate, problem!);
            }
            values.Add(value);
        }
        var isOrdered = column.Kind is ColumnKind.Integer or ColumnKind.Decimal;
        var (least, greatest, first) = (column.Minimum, column.Maximum, values[0]);
        return predicate.Operator switch
        {
            "=" => Ranges((first, first)),
            "in" => Ranges([.. values.Distinct().Select(value => (value, value))]),
            "!=" => Ranges((least, first - 1), (first + 1, greatest)),
            "<" when isOrdered => Ranges((least, first - 1)),
            "<=" when isOrdered => Ranges((least, first)),
            ">" when isOrdered => Ranges((first + 1, greatest)),
            ">=" when isOrdered => Ranges((first, greatest)),
            "<" or "<=" or ">" or ">=" => Refuse(predicate, "has an order only for integers and decimals; use =, != or in"),
            _ => Refuse(predicate, "has no such operator; there are =, !=, <, <=, >, >=, in"),
        };

        Outcome<CodeRanges> Ranges(params (long First, long Last)[] ranges) => new CodeRanges(
            index,
            [.. ranges.Where(range => range.First <= range.Last).Select(range => (Code(range.First), Code(range.Last)))]);

        uint Code(long value) => (uint)(value - least + 1);
    }

    private static RoomRefusal Refuse(Predicate predicate, string what) =>
        new(RefusalKind.Invalid, "bad-filter", $"filter '{predicate.Column} {predicate.Operator} {string.Join(", ", predicate.Values.Take(5))}': {what}");
}
