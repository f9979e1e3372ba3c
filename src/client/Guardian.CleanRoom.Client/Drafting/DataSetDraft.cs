using Guardian.Refusals;

namespace Guardian.CleanRoom.Client.Drafting;

/// <summary>
/// Drafts an entry of a contract's <c>datasets</c> from its owner's file. The draft is for partners too. Therefore it has no figure that
/// depends on a single row: bounds are rounded, and a value is listed only if at least 10 persons have it.
/// </summary>
public sealed class DataSetDraft
{
    /// <summary>The word in a draft where its owner must decide. No contract with it is valid.</summary>
    public const string Decide = "DECIDE";

    private DataSetDraft(string name, string text, IReadOnlyList<string> notes) => (Name, Text, Notes) = (name, text, notes);

    /// <summary>The name of the data set.</summary>
    public string Name { get; }

    /// <summary>The entry, as lines of YAML indented by two blanks, with comments that explain each choice.</summary>
    public string Text { get; }

    /// <summary>Facts for the owner alone, one sentence each: counts of rows and persons, and the columns that were left out.</summary>
    public IReadOnlyList<string> Notes { get; }

    /// <summary>The number of places where the owner must decide.</summary>
    public int Decisions => Text.Split(Decide).Length - 1;

    /// <summary>Reads a file on this machine and drafts a data set for it. The file is read up to six times.</summary>
    /// <param name="path">CSV with a header in UTF-8, packed with gzip or not, Parquet, or an Excel workbook, as its content shows; not
    /// standard input.</param>
    /// <param name="name">The name of the data set: lower-case letters, digits, hyphens and underscores, at most 64.</param>
    /// <param name="owner">The member who owns the file.</param>
    /// <param name="isSeveral">Whether persons match by every identifier of the file, best first: an e-mail address, a phone number, names
    /// with a date of birth. Otherwise they match by the best one. A file of events has one identifier.</param>
    /// <param name="cancellation">Stops the reading.</param>
    /// <returns>The draft.</returns>
    /// <exception cref="RefusedException"><see cref="Reasons.RoomClientReasons.BadData"/>: the file has none of these formats, no header,
    /// or no row with an identifier.</exception>
    /// <exception cref="IOException">The file cannot be opened or read.</exception>
    public static DataSetDraft Read(
        string path, string name, string owner, bool isSeveral = false, CancellationToken cancellation = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentException.ThrowIfNullOrEmpty(name);
        ArgumentException.ThrowIfNullOrEmpty(owner);
        var file = FileProfile.Read(path, isSeveral, cancellation);
        var events = EventProfile.Read(path, file, cancellation);
        if (events is not null && file.Identifiers.Count > 1)
        {
            file = FileProfile.Read(path, isSeveral: false, cancellation);
            events = EventProfile.Read(path, file, cancellation);
        }
        var writer = new DraftWriter(name, owner, file, events);
        var text = writer.Write();
        return new DataSetDraft(name, text, writer.Notes);
    }

    /// <summary>Makes a name of a data set from the name of a file, for example <c>customers_2026</c> from <c>Customers 2026.csv.gz</c>.
    /// </summary>
    /// <param name="path">The file.</param>
    /// <returns>At least one character and at most 64.</returns>
    public static string NameOf(string path)
    {
        var file = Path.GetFileName(path) is { Length: > 0 } last ? last.Split('.')[0].ToLowerInvariant() : "";
        var name = string.Concat(
            file.Take(64).Select(letter => char.IsAsciiLetterLower(letter) || char.IsAsciiDigit(letter) || letter == '-'
            ? letter
            : '_')).Trim('_', '-');
        return name.Length == 0 ? "data" : name;
    }
}
