using System.Globalization;
using System.IO.Compression;
using System.Text;
using Guardian.CleanRoom.Contract;
using Sylvan.Data.Csv;

namespace Guardian.CleanRoom.Client.Normalisation;

/// <summary>How many rows of a file are of a sort.</summary>
/// <param name="Name">The sort.</param>
/// <param name="Rows">How many; null when there are a few only, so that the page can be shown to a partner.</param>
public sealed record DiagnosisFigure(string Name, int? Rows);

/// <summary>What a file's identifiers look like, and what that means for matching. Holds no identifier and no part of one.</summary>
/// <param name="Rows">Rows read.</param>
/// <param name="Persons">Different identifiers after normalising.</param>
/// <param name="Usable">Share of the rows that have an identifier which can match, 0 to 1.</param>
/// <param name="Profiles">Different identifiers under each profile of the kind.</param>
public sealed record DiagnosisReport(
    int Rows, int Persons, double Usable, IReadOnlyList<DiagnosisFigure> Figures, IReadOnlyDictionary<string, int> Profiles, IReadOnlyList<string> Hints);

/// <summary>Explains a match rate before anything is uploaded: reads a file's identifiers on the owner's machine and counts what keeps them from matching.</summary>
public sealed class IdentifierDiagnosis(Identifier identifier)
{
    // Fewer rows than this are not counted out, as in an answer of a room.
    private const int LeastShown = 20;

    private static readonly HashSet<string> FreeMail = ["gmail.com", "googlemail.com", "yahoo.com", "outlook.com", "hotmail.com", "icloud.com", "gmx.de", "web.de", "aol.com", "live.com"];

    private readonly Dictionary<string, int> counts = [];
    private readonly Dictionary<string, HashSet<long>> profiles = [];
    private readonly HashSet<long> persons = [];
    private int rows;
    private int usable;

    /// <summary>Reads a CSV file; one ending in <c>.gz</c> is unpacked on the way.</summary>
    /// <exception cref="PreparationException">The file has no such column, or is no CSV file in UTF-8.</exception>
    public DiagnosisReport Read(string path, CancellationToken cancellation = default)
    {
        try
        {
            using var file = File.OpenRead(path);
            using Stream bytes = path.EndsWith(".gz", StringComparison.OrdinalIgnoreCase) ? new GZipStream(file, CompressionMode.Decompress) : file;
            using var text = new StreamReader(bytes, new UTF8Encoding(false, throwOnInvalidBytes: true));
            using var reader = CsvDataReader.Create(text);
            var header = Enumerable.Range(0, reader.FieldCount).Select(i => reader.GetName(i).Trim()).ToList();
            var column = header.IndexOf(identifier.Column);
            if (column < 0)
            {
                throw new PreparationException($"{path} has no column '{identifier.Column}'; it has {string.Join(", ", header)}");
            }
            var normaliser = new IdentifierNormaliser(identifier);
            var others = Identifier.Profiles(identifier.Kind).ToDictionary(profile => profile.Key, profile => new IdentifierNormaliser(identifier with { Profile = profile.Value, IsMatchedByHash = false }));
            while (reader.Read())
            {
                cancellation.ThrowIfCancellationRequested();
                Add(reader.GetString(column), normaliser, others);
            }
            return Complete();
        }
        catch (Exception failure) when (failure is DecoderFallbackException or CsvFormatException or CsvMissingHeadersException or InvalidDataException)
        {
            throw new PreparationException($"{path} is no CSV file in UTF-8: {failure.Message}");
        }
    }

    private void Add(string cell, IdentifierNormaliser normaliser, Dictionary<string, IdentifierNormaliser> others)
    {
        rows++;
        Span<char> buffer = new char[IdentifierNormaliser.BufferSize(cell.Length)];
        var length = normaliser.Normalise(cell, buffer);
        Count(length == 0, "empty");
        Count(cell != cell.Trim(), "blanks around");
        if (length == 0)
        {
            return;
        }
        Count(length < 0, "not an identifier of its kind");
        Count(LooksHashed(cell.Trim()), "looks like a hash");
        Describe(cell.Trim());
        if (length < 0)
        {
            return;
        }
        usable++;
        Count(!persons.Add(HashOf(buffer[..length])), "of a person already there");
        foreach (var (name, other) in others.Where(_ => identifier.Form == IdentifierForm.Clear))
        {
            var size = other.Normalise(cell, buffer);
            if (size > 0)
            {
                (profiles.TryGetValue(name, out var set) ? set : profiles[name] = []).Add(HashOf(buffer[..size]));
            }
        }
    }

    private void Describe(string cell)
    {
        if (identifier.Form == IdentifierForm.Sha256)
        {
            return;
        }
        if (identifier.Kind == IdentifierKind.Email)
        {
            var at = cell.LastIndexOf('@');
            var domain = cell[(at + 1)..].ToLowerInvariant();
            Count(at < 0, "without @");
            Count(cell.Count(character => character == '@') > 1, "with several @");
            Count(at >= 0 && !domain.Contains('.', StringComparison.Ordinal), "domain without a dot");
            Count(cell.Any(char.IsAsciiLetterUpper), "with capitals");
            Count(at >= 0 && domain is "gmail.com" or "googlemail.com", "at gmail");
            Count(at >= 0 && domain is "gmail.com" or "googlemail.com" && cell[..at].Contains('.', StringComparison.Ordinal), "at gmail, with dots");
            Count(at >= 0 && cell[..at].Contains('+', StringComparison.Ordinal), "with a plus tag");
            Count(at >= 0 && FreeMail.Contains(domain), "at a private mail service");
        }
        else if (identifier.Kind == IdentifierKind.Phone)
        {
            Count(cell.StartsWith('+') || cell.StartsWith("00", StringComparison.Ordinal), "with a country code");
            var digits = string.Concat(cell.Where(char.IsAsciiDigit));
            Count(digits.Length is < 7 or > 15, "with too few or too many digits");
            if (PhoneNormaliser.CountryCodeOf(cell, identifier.Region) is { } code)
            {
                Count(true, string.Create(CultureInfo.InvariantCulture, $"country code +{code}"));
            }
        }
        else
        {
            Count(cell.StartsWith('0'), "with a leading zero");
            Count(cell.All(char.IsAsciiDigit), "digits only");
        }
    }

    private static bool LooksHashed(string cell) => (cell.Length is 32 or 40 or 64 && cell.All(char.IsAsciiHexDigit)) || (cell.Length == 44 && cell.EndsWith('='));

    private void Count(bool isOne, string name) => counts[name] = counts.GetValueOrDefault(name) + (isOne ? 1 : 0);

    private DiagnosisReport Complete()
    {
        var figures = counts.Where(count => count.Value > 0).Select(count => new DiagnosisFigure(count.Key, count.Value < LeastShown ? null : count.Value));
        return new DiagnosisReport(
            rows, persons.Count, rows == 0 ? 0 : (double)usable / rows, [.. figures], profiles.ToDictionary(profile => profile.Key, profile => profile.Value.Count), [.. Hints()]);
    }

    private IEnumerable<string> Hints()
    {
        double Share(string name) => rows == 0 ? 0 : (double)counts.GetValueOrDefault(name) / rows;
        if (Share("empty") > 0.05)
        {
            yield return "many rows have no identifier; they can never match";
        }
        if (identifier.Form == IdentifierForm.Clear && Share("looks like a hash") > 0.5)
        {
            yield return "these are hashes: declare 'form: sha256' and the profile they were made by, or they match nobody";
        }
        if (Share("not an identifier of its kind") > 0.02)
        {
            yield return identifier.Kind == IdentifierKind.Phone && identifier.Region is null
                ? "numbers without a country code need 'region' in the contract"
                : "some cells are no identifiers of this kind; is it the right column?";
        }
        if (persons.Count > 0 && counts.GetValueOrDefault("of a person already there") > 0.2 * rows)
        {
            yield return "a person stands in several rows; the first one counts";
        }
        if (profiles.TryGetValue("google", out var merged) && profiles.TryGetValue("meta", out var apart) && identifier.Kind == IdentifierKind.Email && merged.Count < 0.995 * apart.Count)
        {
            yield return "dots and plus tags tell mailboxes of one person apart here; the profile 'google' merges them, if all partners take it";
        }
        if (identifier.Kind == IdentifierKind.CustomerId && counts.GetValueOrDefault("with a leading zero") is > 0 and var zeros && zeros < rows)
        {
            yield return "some numbers begin with zero: make sure that no spreadsheet removed it in the partner's file";
        }
    }

    private static long HashOf(ReadOnlySpan<char> text) => BitConverter.ToInt64(System.Security.Cryptography.SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString())));
}
