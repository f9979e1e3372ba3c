using Guardian.CleanRoom.Base;
using Guardian.Documents;

namespace Guardian.CleanRoom.Contract;

/// <summary>Reads a data set of a contract.</summary>
internal static class DataSetReader
{
    private const int MaxRows = 200_000_000;
    private const int MaxLabel = 60;

    // A person who wants to leave does not wait longer: her owner may also delete the data set and upload it anew.
    private const int MaxPinnedDays = 31;
    private const int MaxColumns = 64;
    private const int MaxValues = 65_534;

    // The number of values that a stored code can distinguish (Column.CodeSize).
    private const long MaxSpan = (1L << 32) - 2;

    private static readonly Dictionary<string, ColumnKind> Kinds = new()
    {
        ["category"] = ColumnKind.Category,
        ["flag"] = ColumnKind.Flag,
        ["integer"] = ColumnKind.Integer,
        ["decimal"] = ColumnKind.Decimal,
        ["date"] = ColumnKind.Date,
    };

    private static readonly Dictionary<string, bool> Memberships = new() { ["secret"] = false, ["known"] = true };

    /// <summary>The word that begins something anew.</summary>
    internal static readonly Dictionary<string, bool> Resets = new() { ["reset"] = true };

    public static DataSet Read(YamlMap entry, IReadOnlyList<RoomMember> members)
    {
        var owner = entry.Text("owner");
        if (owner.Length > 0 && members.All(member => member.Name != owner))
        {
            entry.ReportAt(
                "owner", $"'{owner}' is no member; the members are {string.Join(", ", members.Select(member => member.Name))}");
        }
        var events = EventsReader.Read(entry);
        var columns = entry.Maps("columns").Select(column => ReadColumn(column, events)).ToList();
        if (columns.Count > MaxColumns)
        {
            entry.ReportAt("columns", $"a data set has at most {MaxColumns} columns, not {columns.Count}");
        }
        var identifiers = IdentifierReader.Read(entry);
        var dataSet = new DataSet
        {
            Name = ContractReader.ReadName(entry, "name"),
            Owner = owner,
            Identifier = identifiers[0],
            Identifiers = identifiers,
            MaxRows = (int)entry.Integer("max_rows", 1, MaxRows),
            MaxChanges = (int?)entry.OptionalInteger("max_changes", 1, MaxRows),
            PinnedDays = (int?)entry.OptionalInteger("pinned_days", 1, MaxPinnedDays),
            Columns = columns,
            Events = events?.Rules,
            File = FileReader.Read(entry),
            Within = entry.OptionalText("within"),
            IsMembershipKnown = entry.Word("membership", Memberships, false),
            IsBudgetReset = entry.Word("budget", Resets, false),
            Rules = PrivacyReader.ReadOwner(entry),
        };
        if (dataSet.MaxChanges > dataSet.MaxRows || (dataSet.MaxChanges is not null && dataSet.Events is not null))
        {
            entry.ReportAt(
                "max_changes", "'max_changes' is at most 'max_rows', and only for files of persons: a fold needs all events of a person");
        }
        if (identifiers.Count > 1 && (events is not null || dataSet.MaxChanges is not null))
        {
            entry.ReportAt("identifiers", "a file of events, and a data set with 'max_changes', have one identifier");
        }
        foreach (var twice in columns.GroupBy(column => column.Name)
            .Where(group => group.Count() > 1 || identifiers.Any(identifier => identifier.Columns.Contains(group.Key))))
        {
            entry.ReportAt("columns", $"column '{twice.Key}' occurs twice, or is a column of the identifier");
        }
        entry.End();
        return dataSet;
    }

    private static Column ReadColumn(YamlMap entry, EventsReader? events)
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
            ColumnKind.Date => ReadDates(entry, name),
            _ => new Column { Name = name, Kind = ColumnKind.Flag, Maximum = 1 },
        };
        column = column with { Label = ReadWords(entry, "label"), Unit = ReadWords(entry, "unit") };
        column = FileReader.ReadColumn(entry, column);
        column = ReadOpenness(entry, column);
        column = ReadSum(entry, column);
        column = events is null ? column : events.ReadFold(entry, column);
        entry.End();
        return column;
    }

    private static string? ReadWords(YamlMap entry, string member)
    {
        var text = entry.OptionalText(member);
        if (text is { Length: 0 or > MaxLabel } || text?.Any(each => char.IsControl(each) || each == '.') == true)
        {
            entry.ReportAt(member, $"'{member}' has 1 to {MaxLabel} characters, without a dot");
        }
        return text;
    }

    // 'filter: true' opens every value; a list opens only those values.
    private static Column ReadOpenness(YamlMap entry, Column column)
    {
        if (entry.Find("filter") is not YamlList)
        {
            return column with { Filter = entry.Flag("filter", absent: false) };
        }
        var values = new List<long>();
        foreach (var text in entry.Texts("filter"))
        {
            if (CellText.TryRead(column, text.Value, out var value, out var problem))
            {
                values.Add(value);
            }
            else
            {
                text.Report(problem!);
            }
        }
        return column with { Filter = true, OpenValues = values };
    }

    private static Column ReadSum(YamlMap entry, Column column)
    {
        var sum = entry.Flag("sum", absent: false);
        var isNumber = column.Kind is ColumnKind.Integer or ColumnKind.Decimal;
        if (sum && !isNumber)
        {
            entry.ReportAt("sum", "only integers and decimals can be summed");
        }
        if (entry.OptionalText("cap") is not { } text)
        {
            return column with { Sum = sum };
        }
        var cap = column.Maximum;
        if (!isNumber || !CellText.TryRead(column, text, out cap, out _))
        {
            entry.ReportAt("cap", "'cap' is the most that one person adds to a sum: a number within the column's bounds");
        }
        return column with { Sum = sum, Cap = cap };
    }

    private static Column ReadDates(YamlMap entry, string name)
    {
        var (minimum, maximum) = (ReadDay(entry, "minimum"), ReadDay(entry, "maximum"));
        if (minimum > maximum)
        {
            entry.ReportAt("maximum", "'minimum' must not be after 'maximum'");
        }
        return new Column { Name = name, Kind = ColumnKind.Date, Minimum = minimum, Maximum = Math.Max(minimum, maximum) };
    }

    private static long ReadDay(YamlMap entry, string member)
    {
        var text = entry.Text(member);
        if (CellText.TryReadDay(text, out var day) || text.Length == 0)
        {
            return day;
        }
        entry.ReportAt(member, $"'{member}' is a day such as 2026-11-24, not '{text}'");
        return 0;
    }

    private static Column ReadCategory(YamlMap entry, string name)
    {
        var values = entry.Texts("values").Select(text => CanonicalText.Compose(text.Value)).ToList();
        if (entry.OptionalText("unlisted") == FileRules.OtherValue && !values.Contains(FileRules.OtherValue))
        {
            values.Add(FileRules.OtherValue);
        }
        if (values.Count is 0 or > MaxValues || values.Distinct(StringComparer.Ordinal).Count() != values.Count
            || values.Any(string.IsNullOrWhiteSpace))
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
            entry.ReportAt(
                "maximum", "'minimum' must not be above 'maximum', and there may be at most 2^32 - 1 different values between them");
        }
        return new Column { Name = name, Kind = kind, Minimum = minimum, Maximum = Math.Max(minimum, maximum), Places = places };
    }

    private static long ReadBound(YamlMap entry, string member, int places)
    {
        var limit = CellText.GreatestNumber / CellText.Power(places);
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
