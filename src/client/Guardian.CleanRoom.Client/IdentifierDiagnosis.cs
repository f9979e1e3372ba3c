using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Guardian.CleanRoom.Base;
using Guardian.CleanRoom.Client.Normalisation;
using Guardian.CleanRoom.Client.Reading;
using Guardian.CleanRoom.Client.Reasons;
using Guardian.CleanRoom.Contract;
using Guardian.Refusals;

namespace Guardian.CleanRoom.Client;

/// <summary>The number of a file's rows that have a property.</summary>
/// <param name="Name">The property, for people.</param>
/// <param name="Rows">The number of rows; null when it is below 20 and the report is for a partner.</param>
public sealed record DiagnosisFigure(string Name, int? Rows);

/// <summary>Describes a file's identifiers and their effect on matching. Holds no identifier and no part of one.</summary>
/// <param name="Rows">Rows read.</param>
/// <param name="Persons">Different identifiers after normalising.</param>
/// <param name="Usable">Share of the rows that have an identifier which can match, 0 to 1.</param>
/// <param name="Figures">The properties that at least one row has.</param>
/// <param name="Profiles">Different identifiers under each profile of the kind, by the profile's name in contracts.</param>
/// <param name="Hints">Advice for people, one sentence each.</param>
public sealed record DiagnosisReport(
    int Rows, int Persons, double Usable, IReadOnlyList<DiagnosisFigure> Figures, IReadOnlyDictionary<string, int> Profiles,
    IReadOnlyList<string> Hints)
{
    /// <summary>Rows of the identifier that occurs most often; null when there are fewer than 20 and the report is for a partner.</summary>
    public int? MostFrequent { get; init; }
}

/// <summary>
/// Explains a match rate before anything is uploaded: reads a file's identifiers on the owner's machine and counts the properties that
/// keep them from matching. Each instance reads one file, once; it is not thread-safe.
/// </summary>
/// <param name="identifier">The identifier of the owner's data set; not a composite.</param>
/// <param name="isForPartner">Whether a partner will see the report: then counts below 20 are hidden.</param>
public sealed class IdentifierDiagnosis(Identifier identifier, bool isForPartner = false)
{
    // A report for a partner hides smaller counts, as a room's answers do.
    internal const int LeastShown = 20;

    private static readonly HashSet<string> FreeMail =
    [
        "gmail.com", "googlemail.com", "yahoo.com", "outlook.com", "hotmail.com", "icloud.com", "gmx.de", "web.de", "aol.com", "live.com",
    ];

    private readonly Dictionary<string, int> counts = [];
    private readonly Dictionary<string, HashSet<long>> profiles = [];
    private readonly Dictionary<long, int> persons = [];
    private int rows;
    private int usable;

    /// <summary>Reads a file.</summary>
    /// <param name="path">CSV with a header in UTF-8, packed with gzip or not, Parquet, or an Excel workbook, as its content shows;
    /// <c>-</c> for CSV on standard input.</param>
    /// <param name="cancellation">Stops the reading.</param>
    /// <returns>The report.</returns>
    /// <exception cref="RefusedException"><see cref="RoomClientReasons.BadData"/>: the file has none of these formats, or the column
    /// is missing.</exception>
    /// <exception cref="IOException">The file cannot be opened or read.</exception>
    public DiagnosisReport Read(string path, CancellationToken cancellation = default)
    {
        using var file = RowFile.Open(path);
        var column = file.Header.ToList().IndexOf(CanonicalText.Compose(identifier.Column));
        if (column < 0)
        {
            throw RoomClientReasons.RefuseData($"{path} has no column '{identifier.Column}'; it has {string.Join(", ", file.Header)}");
        }
        var normaliser = new IdentifierNormaliser(identifier);
        var others = Identifier.Profiles(identifier.Kind).ToDictionary(
            profile => profile.Key,
            profile => new IdentifierNormaliser(identifier with { Profile = profile.Value, IsMatchedByHash = false }));
        while (file.Read())
        {
            cancellation.ThrowIfCancellationRequested();
            if (file.IsBlank)
            {
                continue;
            }
            AddCell(file.Cell(column).ToString(), normaliser, others);
        }
        return Complete();
    }

    private void AddCell(string cell, IdentifierNormaliser normaliser, Dictionary<string, IdentifierNormaliser> others)
    {
        rows++;
        Span<char> buffer = new char[IdentifierNormaliser.BufferSize(cell.Length)];
        var length = normaliser.Normalise(cell, buffer);
        CountIf(length == 0, "empty");
        CountIf(cell != cell.Trim(), "blanks around");
        if (length == 0)
        {
            return;
        }
        CountIf(length == Nobody.Length, "nobody's, such as NULL, 0000000000 or noreply@");
        CountIf(length == -1, "not an identifier of its kind");
        CountIf(IdentifierNormaliser.LooksHashed(cell.Trim()), "looks like a hash");
        CountProperties(cell.Trim());
        if (length < 0)
        {
            return;
        }
        usable++;
        var person = HashOf(buffer[..length]);
        persons[person] = persons.GetValueOrDefault(person) + 1;
        CountIf(persons[person] > 1, "of a person already there");
        foreach (var (name, other) in others.Where(_ => identifier.Form == IdentifierForm.Clear))
        {
            var size = other.Normalise(cell, buffer);
            if (size > 0)
            {
                (profiles.TryGetValue(name, out var set) ? set : profiles[name] = []).Add(HashOf(buffer[..size]));
            }
        }
    }

    private void CountProperties(string cell)
    {
        if (identifier.Form == IdentifierForm.Sha256)
        {
            return;
        }
        if (identifier.Kind == IdentifierKind.Email)
        {
            var at = cell.LastIndexOf('@');
            var domain = cell[(at + 1)..].ToLowerInvariant();
            CountIf(at < 0, "without @");
            CountIf(EmailNormaliser.HasSeveral(cell), "with several @");
            CountIf(at >= 0 && !domain.Contains('.', StringComparison.Ordinal), "domain without a dot");
            CountIf(cell.Any(char.IsAsciiLetterUpper), "with capitals");
            var isGmail = at >= 0 && domain is "gmail.com" or "googlemail.com";
            CountIf(isGmail, "at gmail");
            CountIf(isGmail && cell[..at].Contains('.', StringComparison.Ordinal), "at gmail, with dots");
            CountIf(at >= 0 && cell[..at].Contains('+', StringComparison.Ordinal), "with a plus tag");
            CountIf(at >= 0 && FreeMail.Contains(domain), "at a private mail service");
        }
        else if (identifier.Kind == IdentifierKind.Phone)
        {
            CountIf(cell.StartsWith('+') || cell.StartsWith("00", StringComparison.Ordinal), "with a country code");
            var digits = string.Concat(cell.Where(char.IsAsciiDigit));
            CountIf(digits.Length is < 7 or > 15, "with too few or too many digits");
            if (PhoneNormaliser.FindCountryCode(cell, identifier.Region) is { } code)
            {
                CountIf(true, string.Create(CultureInfo.InvariantCulture, $"country code +{code}"));
            }
        }
        else
        {
            CountIf(cell.StartsWith('0'), "with a leading zero");
            CountIf(cell.All(char.IsAsciiDigit), "digits only");
        }
    }

    private void CountIf(bool isOne, string name) => counts[name] = counts.GetValueOrDefault(name) + (isOne ? 1 : 0);

    private DiagnosisReport Complete()
    {
        var figures = counts.Where(count => count.Value > 0)
            .Select(count => new DiagnosisFigure(count.Key, Show(count.Value)));
        return new DiagnosisReport(
            rows, persons.Count, rows == 0 ? 0 : (double)usable / rows, [.. figures],
            profiles.ToDictionary(profile => profile.Key, profile => profile.Value.Count), [.. Hints()])
        {
            MostFrequent = Show(persons.Values.DefaultIfEmpty().Max()),
        };
    }

    private int? Show(int count) => isForPartner && count < LeastShown ? null : count;

    private IEnumerable<string> Hints()
    {
        double Share(string name) => rows == 0 ? 0 : (double)counts.GetValueOrDefault(name) / rows;
        if (Share("empty") > 0.05)
        {
            yield return "many rows have no identifier; they can never match";
        }
        if (identifier.Form == IdentifierForm.Clear && Share("looks like a hash") > 0.5)
        {
            yield return "these are hashes: declare 'form: sha256' and the profile that they were made with, or they match nobody";
        }
        if (Share("not an identifier of its kind") > 0.02)
        {
            yield return identifier.Kind == IdentifierKind.Phone && identifier.Region is null
                ? "numbers without a country code need 'region' in the contract"
                : "some cells are not identifiers of this kind; is it the right column?";
        }
        if (persons.Values.DefaultIfEmpty().Max() is var most && most >= LeastShown && most > 0.01 * rows)
        {
            yield return $"one identifier stands in {most} rows; if it is nobody's, remove it from the file";
        }
        if (persons.Count > 0 && counts.GetValueOrDefault("of a person already there") > 0.2 * rows)
        {
            yield return "a person appears in several rows; the first one counts";
        }
        if (Share("nobody's, such as NULL, 0000000000 or noreply@") > 0.01)
        {
            yield return "many rows have an identifier of nobody; they are left out";
        }
        if (identifier.Kind == IdentifierKind.Email && profiles.TryGetValue("google", out var merged)
            && profiles.TryGetValue("meta", out var apart) && merged.Count < 0.995 * apart.Count)
        {
            yield return "dots and plus tags separate mailboxes of one person; the profile 'google' merges them, if all partners use it";
        }
        if (identifier.Kind == IdentifierKind.CustomerId
            && counts.GetValueOrDefault("with a leading zero") is > 0 and var zeros && zeros < rows)
        {
            yield return "some numbers begin with zero; make sure that no spreadsheet removed it from the partner's file";
        }
    }

    private static long HashOf(ReadOnlySpan<char> text) => BitConverter.ToInt64(SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString())));
}
