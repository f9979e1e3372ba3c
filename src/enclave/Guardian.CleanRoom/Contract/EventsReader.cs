using Guardian.CleanRoom.Base;
using Guardian.Documents;

namespace Guardian.CleanRoom.Contract;

/// <summary>Reads the rules by which a data set's events are folded into persons.</summary>
internal sealed class EventsReader
{
    private const int MaxZoneSize = 64;

    private static readonly Dictionary<string, FoldKind> Kinds = new()
    {
        ["count"] = FoldKind.Count,
        ["sum"] = FoldKind.Sum,
        ["first"] = FoldKind.First,
        ["last"] = FoldKind.Last,
        ["days"] = FoldKind.Days,
        ["any"] = FoldKind.Any,
        ["same"] = FoldKind.Same,
    };

    private readonly DateTimeOffset from;
    private readonly DateTimeOffset to;
    private readonly List<EventFilter> where;

    private EventsReader(YamlMap events)
    {
        Rules = new EventRules(events.Text("time"), ReadZone(events));
        foreach (var missing in new[] { "from", "to" }.Where(bound => !events.Has(bound)))
        {
            events.ReportMissing(missing);
        }
        (from, to) = ReadWindow(events, default, default);
        where = ReadFilters(events);
        events.End();
    }

    public EventRules Rules { get; }

    /// <summary>Reads <c>events</c>.</summary>
    /// <returns>Null when each row of the file is a person.</returns>
    public static EventsReader? Read(YamlMap dataSet) =>
        dataSet.Map("events") is { } events ? new EventsReader(events) : null;

    /// <summary>Reads how a column is computed.</summary>
    public Column ReadFold(YamlMap entry, Column column)
    {
        if (!entry.Has("fold"))
        {
            entry.ReportMissing("fold");
        }
        var kind = entry.Word("fold", Kinds, FoldKind.Count);
        var fits = kind switch
        {
            FoldKind.Count or FoldKind.Days => column.Kind == ColumnKind.Integer,
            FoldKind.Sum => column.Kind is ColumnKind.Integer or ColumnKind.Decimal,
            FoldKind.First or FoldKind.Last => column.Kind == ColumnKind.Date,
            FoldKind.Same => column.Kind == ColumnKind.Category,
            _ => column.Kind == ColumnKind.Flag,
        };
        if (!fits)
        {
            entry.ReportAt(
                "fold",
                "count and days make an integer, sum an integer or a decimal, first and last a date, any a flag, same a category");
        }
        if (column.Kind is ColumnKind.Integer or ColumnKind.Decimal && (column.Minimum > 0 || column.Maximum < 0))
        {
            entry.ReportAt("minimum", "0 must lie between 'minimum' and 'maximum': it is the value of a person without events");
        }
        var window = ReadWindow(entry, from, to);
        return column with
        {
            Fold = new Fold
            {
                Kind = kind,
                Of = kind is FoldKind.Sum or FoldKind.Same ? entry.Text("of") : null,
                EventCap = kind == FoldKind.Sum ? ReadEventCap(entry, column) : null,
                From = window.From,
                To = window.To,
                Where = [.. where, .. ReadFilters(entry)],
            },
        };
    }

    private static long? ReadEventCap(YamlMap entry, Column column)
    {
        if (entry.OptionalText("event_cap") is not { } text)
        {
            return null;
        }
        if (CellText.TryRead(column with { Minimum = 0, Maximum = CellText.GreatestNumber }, text, out var cap, out _))
        {
            return cap;
        }
        entry.ReportAt(
            "event_cap",
            "'event_cap' is the most that one event adds to a sum: a number from 0, with no more places than the column");
        return null;
    }

    private static string ReadZone(YamlMap events)
    {
        var zone = events.Text("zone");
        // The owner's client knows whether the zone exists; the room never needs it.
        if (zone.Length > MaxZoneSize || !zone.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '/' or '_' or '-' or '+'))
        {
            events.ReportAt("zone", "'zone' is the name of a time zone such as Europe/Berlin, or UTC");
        }
        return zone;
    }

    private static (DateTimeOffset From, DateTimeOffset To) ReadWindow(YamlMap map, DateTimeOffset from, DateTimeOffset to)
    {
        (from, to) = (ReadInstant(map, "from", from), ReadInstant(map, "to", to));
        if (from >= to && (map.Has("from") || map.Has("to")))
        {
            map.ReportAt("to", "'from' must be before 'to', which is the first instant that does not count");
        }
        return (from, to);
    }

    // Instants carry an offset, so that a contract needs no table of time zones.
    private static DateTimeOffset ReadInstant(YamlMap map, string member, DateTimeOffset absent)
    {
        if (map.OptionalText(member) is not { } text)
        {
            return absent;
        }
        if (TimeText.TryRead(text, out var clock, out var offset) && offset is { } ahead)
        {
            return new DateTimeOffset(clock, ahead);
        }
        map.ReportAt(
            member, $"'{member}' is an instant with an offset, such as 2026-03-01T00:00:00+01:00, not '{text}'");
        return absent;
    }

    private static List<EventFilter> ReadFilters(YamlMap map)
    {
        var filters = new List<EventFilter>();
        if (map.Map("where") is { } columns)
        {
            foreach (var name in columns.Names)
            {
                var values = columns.Texts(name).Select(text => CanonicalText.Compose(text.Value)).ToList();
                if (values.Count == 0 || values.Any(string.IsNullOrWhiteSpace))
                {
                    columns.ReportAt(name, $"list the values of '{name}' that count, none of them empty, such as [view, click]");
                }
                filters.Add(new EventFilter(name, values));
            }
        }
        return filters;
    }
}
