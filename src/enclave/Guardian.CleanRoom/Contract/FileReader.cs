using Guardian.Documents;

namespace Guardian.CleanRoom.Contract;

/// <summary>Reads <c>file</c> of a data set, and what its columns say about the cells of the file.</summary>
internal static class FileReader
{
    private const int MaxWords = 32;
    private const decimal MostInvalid = 0.1m;

    private static readonly Dictionary<string, char> DecimalSigns = new() { ["."] = '.', [","] = ',' };

    private static readonly Dictionary<string, char> ThousandsSigns = new() { ["."] = '.', [","] = ',', ["'"] = '\'', [" "] = ' ' };

    private static readonly Dictionary<string, UnlistedValues> Unlisted = new()
    {
        ["refuse"] = UnlistedValues.Refuse, ["empty"] = UnlistedValues.Empty, [FileRules.OtherValue] = UnlistedValues.Other,
    };

    public static FileRules Read(YamlMap dataSet)
    {
        if (dataSet.Map("file") is not { } file)
        {
            return new FileRules();
        }
        var rules = new FileRules
        {
            Empty = [.. file.Texts("empty").Select(word => word.Value.Trim()).Where(word => word.Length > 0)],
            Decimal = file.Word("decimal", DecimalSigns, '.'),
            Thousands = file.Has("thousands") ? file.Word("thousands", ThousandsSigns, ' ') : null,
            Dates = file.Word("dates", DateOrders.Names, DateOrder.YearMonthDay),
            InvalidCells = file.OptionalDecimal("invalid_cells", 0, MostInvalid) ?? 0,
        };
        if (rules.Empty.Count > MaxWords)
        {
            file.ReportAt("empty", $"'empty' lists at most {MaxWords} words");
        }
        if (rules.Thousands == rules.Decimal)
        {
            file.ReportAt("thousands", "'thousands' and 'decimal' must be different signs");
        }
        file.End();
        return rules;
    }

    /// <summary>Reads <c>unlisted</c> and <c>round</c> of a column.</summary>
    public static Column ReadColumn(YamlMap entry, Column column)
    {
        if (entry.Has("round") && column.Kind is not (ColumnKind.Integer or ColumnKind.Decimal))
        {
            entry.ReportAt("round", "'round' is for integers and decimals");
        }
        if (entry.Has("unlisted") && column.Kind != ColumnKind.Category)
        {
            entry.ReportAt("unlisted", "'unlisted' is for categories");
        }
        return column with
        {
            IsRounded = entry.Flag("round", absent: false),
            Unlisted = entry.Word("unlisted", Unlisted, UnlistedValues.Refuse),
        };
    }
}
