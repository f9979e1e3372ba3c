using Guardian.Documents;

namespace Guardian.CleanRoom;

/// <summary>Reads a data set of a contract.</summary>
internal static class DataSetReader
{
    private const int MaxRows = 200_000_000;
    private const int MaxColumns = 64;
    private const int MaxValues = 65_534;

    // What a stored code can tell apart (Column.CodeSize).
    private const long MaxSpan = (1L << 32) - 2;

    private static readonly Dictionary<string, IdentifierKind> Identifiers = new()
    {
        ["email"] = IdentifierKind.Email,
        ["customer_id"] = IdentifierKind.CustomerId,
    };

    private static readonly Dictionary<string, ColumnKind> Kinds = new()
    {
        ["category"] = ColumnKind.Category,
        ["flag"] = ColumnKind.Flag,
        ["integer"] = ColumnKind.Integer,
        ["decimal"] = ColumnKind.Decimal,
    };

    public static DataSet Read(YamlMap entry, IReadOnlyList<RoomMember> members)
    {
        var owner = entry.Text("owner");
        if (owner.Length > 0 && members.All(member => member.Name != owner))
        {
            entry.ReportAt("owner", $"'{owner}' is no member; the members are {string.Join(", ", members.Select(member => member.Name))}");
        }
        var identifier = entry.Map("identifier");
        if (identifier is null && !entry.Has("identifier"))
        {
            entry.ReportMissing("identifier");
        }
        var columns = entry.Maps("columns").Select(ReadColumn).ToList();
        if (columns.Count > MaxColumns)
        {
            entry.ReportAt("columns", $"a data set has at most {MaxColumns} columns, not {columns.Count}");
        }
        var dataSet = new DataSet
        {
            Name = ContractReader.ReadName(entry, "name"),
            Owner = owner,
            Identifier = identifier?.Word("kind", Identifiers, IdentifierKind.Email) ?? IdentifierKind.Email,
            IdentifierColumn = identifier?.Text("column") ?? "",
            MaxRows = (int)entry.Integer("max_rows", 1, MaxRows),
            Columns = columns,
        };
        if (identifier is not null && !identifier.Has("kind"))
        {
            identifier.ReportMissing("kind");
        }
        foreach (var twice in columns.GroupBy(column => column.Name).Where(group => group.Count() > 1 || group.Key == dataSet.IdentifierColumn))
        {
            entry.ReportAt("columns", $"column '{twice.Key}' stands twice, or is the identifier");
        }
        identifier?.End();
        entry.End();
        return dataSet;
    }

    private static Column ReadColumn(YamlMap entry)
    {
        var name = entry.Text("name");
        if (!entry.Has("type"))
        {
            entry.ReportMissing("type");
        }
        var column = entry.Word("type", Kinds, ColumnKind.Flag) switch
        {
            ColumnKind.Category => ReadCategory(entry, name),
            ColumnKind.Integer => ReadNumber(entry, name, ColumnKind.Integer, 0),
            ColumnKind.Decimal => ReadNumber(entry, name, ColumnKind.Decimal, (int)entry.Integer("places", 0, 6)),
            _ => new Column { Name = name, Kind = ColumnKind.Flag, Maximum = 1 },
        };
        var filter = entry.Flag("filter", absent: false);
        entry.End();
        return column with { Filter = filter };
    }

    private static Column ReadCategory(YamlMap entry, string name)
    {
        var values = entry.Texts("values").Select(text => text.Value).ToList();
        if (values.Count is 0 or > MaxValues || values.Distinct(StringComparer.Ordinal).Count() != values.Count || values.Any(string.IsNullOrWhiteSpace))
        {
            entry.ReportAt("values", $"a category lists 1 to {MaxValues} different values, none of them empty");
        }
        return new Column { Name = name, Kind = ColumnKind.Category, Values = values, Maximum = Math.Max(values.Count - 1, 0) };
    }

    private static Column ReadNumber(YamlMap entry, string name, ColumnKind kind, int places)
    {
        var (minimum, maximum) = (ReadBound(entry, "minimum", places), ReadBound(entry, "maximum", places));
        if (minimum > maximum || maximum - minimum > MaxSpan)
        {
            entry.ReportAt("maximum", $"'minimum' must not be above 'maximum', and there may be at most 2^32 - 1 different values between them");
        }
        return new Column { Name = name, Kind = kind, Minimum = minimum, Maximum = Math.Max(minimum, maximum), Places = places };
    }

    private static long ReadBound(YamlMap entry, string member, int places)
    {
        var limit = 1_000_000_000_000m / CellText.Power(places);
        var bound = entry.OptionalDecimal(member, -limit, limit);
        if (bound is null && !entry.Has(member))
        {
            entry.ReportMissing(member);
        }
        var scaled = (bound ?? 0) * CellText.Power(places);
        if (scaled != decimal.Truncate(scaled))
        {
            entry.ReportAt(member, $"'{member}' has more than {places} places");
        }
        return (long)scaled;
    }
}
