using System.Security.Cryptography;
using System.Text;
using Guardian.CleanRoom.Base;
using Guardian.CleanRoom.Client.Drafting;
using Guardian.CleanRoom.Client.Normalisation;
using Guardian.CleanRoom.Client.Reading;
using Guardian.CleanRoom.Client.Reasons;
using Guardian.CleanRoom.Contract;
using Guardian.Refusals;

namespace Guardian.CleanRoom.Client;

/// <summary>The rows of one of several identifiers. Each count is null when it is below 20 and the report is for a partner.</summary>
/// <param name="Kind">The kind of identifier, as contracts write it.</param>
/// <param name="Columns">Its columns.</param>
/// <param name="Present">Rows that have it: no part that must be there is empty.</param>
/// <param name="Usable">Rows whose identifier can match: it is of its kind, and not nobody's.</param>
/// <param name="Persons">Different identifiers that can match.</param>
/// <param name="Reached">Rows whose first identifier that can match is this one.</param>
/// <param name="MostFrequent">Rows of the identifier that occurs most often.</param>
public sealed record IdentifierCounts(
    string Kind, IReadOnlyList<string> Columns, int? Present, int? Usable, int? Persons, int? Reached, int? MostFrequent);

/// <summary>Describes all identifiers of a file. Holds no identifier and no part of one.</summary>
/// <param name="Rows">Rows read.</param>
/// <param name="Identified">Rows with at least one identifier that can match.</param>
/// <param name="Identifiers">The identifiers, in their order.</param>
/// <param name="Hints">Advice for people, one sentence each.</param>
public sealed record WaterfallReport(int Rows, int Identified, IReadOnlyList<IdentifierCounts> Identifiers, IReadOnlyList<string> Hints);

/// <summary>
/// Counts, for several identifiers of a file, the rows that have each and those that it can match. Reads the file on its owner's machine.
/// Each instance reads one file, once; it is not thread-safe.
/// </summary>
/// <param name="identifiers">The identifiers, best first; at least one.</param>
/// <param name="isForPartner">Whether a partner will see the report: then counts below 20 are hidden.</param>
public sealed class WaterfallDiagnosis(IReadOnlyList<Identifier> identifiers, bool isForPartner = false)
{
    private readonly Tally[] tallies = [.. identifiers.Select(_ => new Tally())];
    private int rows;
    private int identified;

    /// <summary>Finds the identifiers of a file, as a draft of several does.</summary>
    /// <param name="path">The file, as for <see cref="Read"/>; not standard input, because it is read again.</param>
    /// <returns>The identifiers, best first, with the first profile of their kind. A date of birth that has two readings begins with
    /// the day.</returns>
    /// <exception cref="RefusedException"><see cref="RoomClientReasons.BadData"/>: the file has no known format, or no column looks like an
    /// identifier.</exception>
    /// <exception cref="IOException">The file cannot be opened or read.</exception>
    public static IReadOnlyList<Identifier> FindIdentifiers(string path)
    {
        using var file = RowFile.Open(path);
        var guesses = IdentifierGuess.ChooseSeveral(IdentifierGuess.FindAll(file));
        return guesses.Count == 0
            ? throw RoomClientReasons.RefuseData($"{path} has no column that looks like an identifier", "name one with --column")
            : [.. guesses.Select(guess => guess.ToIdentifier(file.Header))];
    }

    /// <summary>Reads a file.</summary>
    /// <param name="path">CSV with a header in UTF-8, packed with gzip or not, Parquet, or an Excel workbook, as its content shows;
    /// <c>-</c> for CSV on standard input.</param>
    /// <param name="cancellation">Stops the reading.</param>
    /// <returns>The report.</returns>
    /// <exception cref="RefusedException"><see cref="RoomClientReasons.BadData"/>: the file has none of these formats, or a column is
    /// missing.</exception>
    /// <exception cref="IOException">The file cannot be opened or read.</exception>
    public WaterfallReport Read(string path, CancellationToken cancellation = default)
    {
        using var file = RowFile.Open(path);
        RowIdentifier[] readers =
        [
            .. identifiers.Select(each => new RowIdentifier(each, [.. each.Columns.Select(name => Find(file, path, name))], file.Cell)),
        ];
        var buffer = new char[RowIdentifier.BufferSize];
        while (file.Read())
        {
            cancellation.ThrowIfCancellationRequested();
            if (!file.IsBlank)
            {
                AddRow(readers, buffer);
            }
        }
        return new WaterfallReport(
            rows, identified, [.. identifiers.Select((each, index) => tallies[index].Count(each, Show))], [.. Hints()]);
    }

    private static int Find(IRows file, string path, string name)
    {
        var column = file.Header.ToList().IndexOf(CanonicalText.Compose(name));
        return column >= 0
            ? column
            : throw RoomClientReasons.RefuseData($"{path} has no column '{name}'; it has {string.Join(", ", file.Header)}");
    }

    private void AddRow(RowIdentifier[] readers, char[] buffer)
    {
        rows++;
        var isFirst = true;
        for (var index = 0; index < readers.Length; index++)
        {
            var length = readers[index].Read(buffer);
            tallies[index].Add(buffer.AsSpan(0, Math.Max(length, 0)), length, isFirst);
            isFirst &= length <= 0;
        }
        identified += isFirst ? 0 : 1;
    }

    private int? Show(int count) => isForPartner && count < IdentifierDiagnosis.LeastShown ? null : count;

    private IEnumerable<string> Hints()
    {
        foreach (var (identifier, tally) in identifiers.Zip(tallies))
        {
            var name = string.Join(" + ", identifier.Columns);
            if (tally.MostFrequent >= IdentifierDiagnosis.LeastShown && tally.MostFrequent > 0.01 * rows)
            {
                yield return $"{name}: one identifier stands in {tally.MostFrequent} rows, and only the first of them can match by it";
            }
            if (tally.Present - tally.Usable > 0.02 * rows)
            {
                yield return identifier is { Kind: IdentifierKind.Phone, Region: null }
                    ? $"{name}: numbers without a country code need 'region' in the contract"
                    : $"{name}: some cells are nobody's, or no identifiers of this kind; diagnose the column alone";
            }
            if (tally.Reached == 0 && rows > 0)
            {
                yield return $"{name}: each row that has it has an earlier one too, so it helps only where a partner lacks that one";
            }
        }
    }

    private sealed class Tally
    {
        private readonly Dictionary<long, int> persons = [];
        public int Present { get; private set; }

        public int Usable { get; private set; }

        public int Reached { get; private set; }

        public int MostFrequent { get; private set; }

        public void Add(ReadOnlySpan<char> identifier, int length, bool isFirst)
        {
            Present += length != 0 ? 1 : 0;
            if (length <= 0)
            {
                return;
            }
            Usable++;
            Reached += isFirst ? 1 : 0;
            Span<byte> utf8 = stackalloc byte[4 * RowIdentifier.BufferSize];
            Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
            SHA256.HashData(utf8[..Encoding.UTF8.GetBytes(identifier, utf8)], hash);
            var person = BitConverter.ToInt64(hash);
            MostFrequent = Math.Max(MostFrequent, persons[person] = persons.GetValueOrDefault(person) + 1);
        }

        public IdentifierCounts Count(Identifier identifier, Func<int, int?> show) => new(
            IdentifierLines.NameOf(identifier.Kind), identifier.Columns, show(Present), show(Usable), show(persons.Count), show(Reached),
            show(MostFrequent));
    }
}
