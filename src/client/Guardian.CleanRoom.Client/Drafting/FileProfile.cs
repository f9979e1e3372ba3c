using System.Security.Cryptography;
using System.Text;
using Guardian.CleanRoom.Client.Normalisation;
using Guardian.CleanRoom.Client.Reading;
using Guardian.CleanRoom.Client.Reasons;
using Guardian.CleanRoom.Contract;
using Guardian.Refusals;

namespace Guardian.CleanRoom.Client.Drafting;

/// <summary>Describes a file: its identifier, its columns, and how its cells are written. Reads the file twice.</summary>
internal sealed class FileProfile
{
    private readonly HashSet<long> persons = [];
    private readonly HashSet<int> identifierColumns;

    private FileProfile(IRows file, IReadOnlyList<IdentifierGuess> identifiers, IReadOnlyList<IdentifierGuess> unused)
    {
        (Headers, Identifiers, Unused) = (file.Header, identifiers, unused);
        identifierColumns = [.. identifiers.SelectMany(identifier => identifier.Columns)];
        Columns = [.. Headers.Select((header, i) => new ColumnProfile(header, Forms, file.FindProblem(i)))];
    }

    /// <summary>Reads cells.</summary>
    public CellForms Forms { get; } = new();

    public IReadOnlyList<string> Headers { get; }

    /// <summary>The identifiers by which persons match, best first; empty when no column looks like one.</summary>
    public IReadOnlyList<IdentifierGuess> Identifiers { get; }

    /// <summary>Further identifiers that the file has.</summary>
    public IReadOnlyList<IdentifierGuess> Unused { get; }

    /// <summary>All columns of the file, those of identifiers among them.</summary>
    public IReadOnlyList<ColumnProfile> Columns { get; }

    /// <summary>Rows of the file, without blank ones.</summary>
    public int Rows { get; private set; }

    /// <summary>Rows with an identifier that can match.</summary>
    public int Identified { get; private set; }

    /// <summary>Persons: different identifiers; without an identifier column, rows.</summary>
    public int Persons => Identifiers.Count == 0 ? Rows : persons.Count;

    /// <summary>The form of numbers, as a position in <see cref="FileCell.NumberForms"/>.</summary>
    public int NumberForm { get; private set; }

    /// <summary>Other forms that read the numbers as well, but differently; empty when there is one reading.</summary>
    public IReadOnlyList<int> OtherNumberForms { get; private set; } = [];

    /// <summary>The form of dates, as a position in <see cref="CellForms.Dates"/>.</summary>
    public int DateForm { get; private set; }

    /// <summary>Whether the dates have two readings.</summary>
    public bool IsDateFormOpen { get; private set; }

    /// <summary>The columns that are no identifier.</summary>
    public IEnumerable<ColumnProfile> Others => Columns.Where((_, i) => !identifierColumns.Contains(i));

    /// <summary>The position of a column in the file.</summary>
    public int IndexOf(ColumnProfile column) => Columns.Index().First(each => each.Item == column).Index;

    /// <summary>Reads a file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="isSeveral">Whether persons match by all identifiers of the file, and not only by the best one.</param>
    /// <param name="cancellation">Stops the reading.</param>
    /// <exception cref="RefusedException">The file has no format that is known, no rows, or no header.</exception>
    public static FileProfile Read(string path, bool isSeveral, CancellationToken cancellation)
    {
        IReadOnlyList<IdentifierGuess> all;
        using (var first = RowFile.Open(path))
        {
            all = IdentifierGuess.FindAll(first);
        }
        using var file = RowFile.Open(path);
        var several = IdentifierGuess.ChooseSeveral(all);
        var used = isSeveral ? several : [.. all.Take(1)];
        var profile = new FileProfile(file, used, [.. several.Except(used)]);
        profile.RequireHeader(path);
        var reader = new PersonKeys(used, file);
        while (file.Read())
        {
            cancellation.ThrowIfCancellationRequested();
            if (!file.IsBlank && file.CellCount == file.Header.Count)
            {
                profile.AddRow(file, reader.Read(profile.Rows));
            }
        }
        if (profile.Identified == 0)
        {
            throw RoomClientReasons.RefuseData($"{path} has no row with an identifier", "'guardian room diagnose' explains them");
        }
        profile.ChooseNumbers();
        profile.ChooseDates();
        return profile;
    }

    // The first row of a file without header is somebody's, and a draft shows headers.
    private void RequireHeader(string path)
    {
        if (Headers.All(header => header.Length == 0)
            || Headers.Any(header => header.Contains('@', StringComparison.Ordinal) || IdentifierNormaliser.LooksHashed(header)
            || Forms.TryReadNumber(0, header, out _) || CellForms.Dates.Index().Any(form => Forms.TryReadDay(form.Index, header, out _))))
        {
            throw RoomClientReasons.RefuseData(
                $"{path} has no header", "its first row has cells that are no names of columns; write the names in the first row");
        }
    }

    private void AddRow(IRows file, long? person)
    {
        Rows++;
        if (person is not { } key)
        {
            return;
        }
        Identified++;
        persons.Add(key);
        for (var i = 0; i < Columns.Count; i++)
        {
            if (!identifierColumns.Contains(i) && Columns[i].Problem is null)
            {
                Columns[i].Add(file.Cell(i), key);
            }
        }
    }

    // One form holds for the whole file: the one that explains the most columns.
    private void ChooseNumbers()
    {
        var columns = Others.Where(column => !column.IsFlag).ToList();
        int Score(int form) => columns.Count(column => column.IsNumberIn(form));
        var best = Enumerable.Range(0, FileCell.NumberForms.Count).Max(Score);
        List<int> forms = [.. Enumerable.Range(0, FileCell.NumberForms.Count).Where(form => Score(form) == best)];
        NumberForm = forms[0];
        OtherNumberForms = [.. forms.Skip(1).Where(form => columns.Any(column => Differ(column, NumberForm, form)))];
    }

    private static bool Differ(ColumnProfile column, int one, int other)
    {
        var (first, second) = (column.NumbersIn(one), column.NumbersIn(other));
        return column.IsNumberIn(one) && column.IsNumberIn(other)
            && (first.Maximum != second.Maximum || first.Minimum != second.Minimum);
    }

    private void ChooseDates()
    {
        int Score(int form) => Others.Count(column => column.IsDayIn(form));
        var best = Enumerable.Range(0, CellForms.Dates.Count).Max(Score);
        List<int> forms = [.. Enumerable.Range(0, CellForms.Dates.Count).Where(form => Score(form) == best)];
        DateForm = forms[0];
        IsDateFormOpen = forms.Skip(1).Any(form => Others.Any(
            column => column.IsDayIn(form) && column.IsDayIn(DateForm) && column.RangeIn(form) != column.RangeIn(DateForm)));
    }
}
