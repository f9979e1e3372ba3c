using System.Globalization;
using System.Text;
using Guardian.CleanRoom.Client.Reading;
using Guardian.CleanRoom.Contract;

namespace Guardian.CleanRoom.Client.Drafting;

/// <summary>Writes the description of a file as an entry of a contract.</summary>
internal sealed class DraftWriter(string name, string owner, FileProfile file, EventProfile? events)
{
    private const string Decide = DataSetDraft.Decide;
    private const int LeastRows = 1_000;
    private const int MostColumns = 64;
    private const int MostWords = 32;

    private static readonly decimal[] InvalidShares = [0.01m, 0.02m, 0.05m, 0.1m];

    private readonly StringBuilder text = new();
    private readonly List<(ColumnProfile Column, ColumnChoice Choice)> columns =
        [.. file.Others.Where(column => column != events?.Time).Select(column => (column, ColumnChoice.Of(column, file)))];

    /// <summary>Facts for the owner alone.</summary>
    public List<string> Notes { get; } = [];

    public string Write()
    {
        Add($"  - name: {name}");
        Add($"    owner: {owner}");
        IdentifierLines.Write(file).ToList().ForEach(Add);
        Add("    # Public, because the padded size of an upload depends on it: about twice today's persons, rounded.");
        Add(Line($"    max_rows: {RoundStep.At(RoundStep.IndexOf(Math.Max(LeastRows, 2m * file.Persons))):0}"));
        AddFile();
        Notes.Add(Line($"{name}: {file.Rows} rows, {file.Persons} persons, {file.Rows - file.Identified} rows without an identifier"));
        if (events is null)
        {
            if (file.Unused.Count > 0)
            {
                var others = string.Join(", or by ", file.Unused.Select(guess => IdentifierLines.Describe(guess, file.Headers)));
                Notes.Add($"{name}: persons could also match by {others}; 'room draft --several' drafts all of them");
            }
            if (file.Identifiers.Count < 2)
            {
                Add("    # max_changes: 1000   # with it, a later upload may contain changes alone; public like max_rows");
            }
            if (file.Identified > file.Persons)
            {
                Add("    # Some persons have several rows; the first of them counts.");
            }
            AddColumns(columns.Select(each => (each.Column, each.Choice, WriteColumn(each.Column, each.Choice))));
        }
        else
        {
            AddEvents();
        }
        return text.ToString();
    }

    private void AddFile()
    {
        var rules = new List<string>();
        var used = columns.Where(each => each.Choice.Type is not null).Select(each => each.Column).ToList();
        var words = used.SelectMany(column => column.EmptyWords).Distinct().Order(StringComparer.Ordinal).Take(MostWords).ToList();
        if (words.Count > 0)
        {
            Add("    # Words that mean an empty cell.");
            rules.Add($"empty: {YamlWords.Write(words)}");
        }
        if (used.Any(column => column.IsNumberIn(file.NumberForm)))
        {
            AddNumberForm(rules);
        }
        if (file.IsDateFormOpen)
        {
            Add("    # Each date can be read as dmy (day first) or mdy (month first).");
            rules.Add($"dates: {Decide}");
        }
        else if (file.DateForm > 0)
        {
            rules.Add($"dates: {(CellForms.Dates[file.DateForm] == DateOrder.DayMonthYear ? "dmy" : "mdy")}");
        }
        var invalid = columns.Where(each => each.Choice.Type is not null).Select(each => InvalidShareOf(each.Column, each.Choice))
            .Append(events is { } known ? 1 - ((decimal)known.Time.DaysIn(file.DateForm) / known.Time.Cells) : 0).Max();
        if (invalid > 0)
        {
            Add("    # Some cells are no value of their column. Up to this share of a column they count as empty.");
            rules.Add(Line($"invalid_cells: {InvalidShares.First(share => share >= invalid)}"));
        }
        if (rules.Count > 0)
        {
            Add($"    file: {{{string.Join(", ", rules)}}}");
        }
    }

    private void AddNumberForm(List<string> rules)
    {
        if (file.OtherNumberForms.Count > 0)
        {
            Add("    # Each number has two readings: the sign before three digits is 'decimal' in one and 'thousands' in the other.");
            rules.Add($"decimal: {Decide}, thousands: {Decide}");
            return;
        }
        var form = FileCell.NumberForms[file.NumberForm];
        if (form.Decimal == ',')
        {
            rules.Add("decimal: \",\"");
        }
        if (form.Thousands is { } sign)
        {
            rules.Add($"thousands: \"{sign}\"");
        }
    }

    private decimal InvalidShareOf(ColumnProfile column, ColumnChoice choice)
    {
        var valid = choice.Kind switch
        {
            ColumnKind.Date => column.DaysIn(file.DateForm),
            ColumnKind.Integer or ColumnKind.Decimal => column.NumbersIn(file.NumberForm).Count,
            _ => column.Cells,
        };
        return 1 - (decimal)valid / column.Cells;
    }

    private void AddEvents()
    {
        var (first, last) = events!.Time.RangeIn(file.DateForm);
        DateOnly MonthOf(long day) =>
            new DateOnly(1970, 1, 1).AddDays((int)day) is var date ? new DateOnly(date.Year, date.Month, 1) : default;
        var hasOffsets = 2 * events.Time.Offsets >= events.Time.Cells;
        Add("    # Persons have several rows with a time: each row is an event, and folds make one row of a person's events.");
        Add("    # The zone is that of days" + (hasOffsets ? "" : " and of the times in the file, such as Europe/Berlin")
            + "; from and to are whole months.");
        Add(Line($"    events: {{time: {YamlWords.Write(events.Time.Header)}, zone: {(hasOffsets ? "UTC" : Decide)}, ")
            + Line($"from: {MonthOf(first):yyyy-MM-dd}T00:00:00Z, to: {MonthOf(last).AddMonths(1):yyyy-MM-dd}T00:00:00Z}}"));
        var count = file.Headers.Contains("events", StringComparer.OrdinalIgnoreCase) ? "count_of_events" : "events";
        var most = RoundStep.At(RoundStep.IndexOf(events.MostEvents));
        AddColumns(
            events.Columns.Select(each => (each.Column, each.Choice, WriteFold(each.Column, each.Choice))),
            Line($"      - {{name: {count}, type: integer, minimum: 0, maximum: {most:0}, fold: count, ")
                + $"filter: {Decide}}}   # events of a person");
    }

    private void AddColumns(IEnumerable<(ColumnProfile Column, ColumnChoice Choice, string? Line)> each, params IEnumerable<string> before)
    {
        Add("    # 'filter: true' lets questions filter and group by a column, and 'sum: true' lets them sum it.");
        List<string> lines = [.. before];
        foreach (var (column, choice, line) in each)
        {
            if (line is not null && lines.Count < MostColumns)
            {
                lines.Add(line);
            }
            else
            {
                var why = choice.Type is null ? choice.Why
                    : line is null ? "it has several values for one person"
                    : $"a data set has at most {MostColumns} columns";
                Notes.Add($"{name}: left out {YamlWords.Write(column.Header)}: {why}");
            }
        }
        Add(lines.Count > 0 ? "    columns:" : "    columns: []");
        lines.ForEach(Add);
    }

    private static string? WriteColumn(ColumnProfile column, ColumnChoice choice) => choice.Type is null
        ? null
        : $"      - {{name: {YamlWords.Write(column.Header)}, {choice.Type}{Sum(choice)}, filter: {Decide}}}   # {choice.Why}";

    // The total of a number, or the one value that all events of a person have. A column of other days has no one value.
    private string? WriteFold(ColumnProfile column, ColumnChoice choice)
    {
        var header = YamlWords.Write(column.Header);
        if (choice.Type is not null && choice.Numbers is { } numbers)
        {
            var totals = events!.TotalsOf(column);
            if (ColumnChoice.WriteNumbers(totals, choice.Places, out var places, out _) is not { } type)
            {
                return null;
            }
            var cap = ColumnChoice.RoundUp(numbers.FindCap(), places);
            return $"      - {{name: {header}, {type}{choice.Unit}, fold: sum, of: {header}" + (cap > 0 ? Line($", event_cap: {cap}") : "")
                + $"{Sum(choice)}, filter: {Decide}}}   # the total of a person; 99 of 100 events do not exceed event_cap";
        }
        var isOne = choice.Kind is ColumnKind.Category or ColumnKind.Flag && choice.Values.Count > 0 && choice.Type is not null
            && events!.IsSame(column);
        return isOne
            ? $"      - {{name: {header}, type: category, values: {YamlWords.Write(choice.Values)}, unlisted: empty, "
                + $"fold: same, of: {header}, filter: {Decide}}}   # the value that all events of a person have"
            : null;
    }

    private static string Sum(ColumnChoice choice) =>
        choice.Kind is ColumnKind.Integer or ColumnKind.Decimal ? $", sum: {Decide}" : "";

    private void Add(string line) => text.Append(line).Append('\n');

    private static string Line(FormattableString line) => line.ToString(CultureInfo.InvariantCulture);
}
