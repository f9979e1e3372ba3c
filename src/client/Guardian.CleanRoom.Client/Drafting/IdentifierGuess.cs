using System.Buffers;
using Guardian.CleanRoom.Client.Normalisation;
using Guardian.CleanRoom.Client.Reading;
using Guardian.CleanRoom.Contract;

namespace Guardian.CleanRoom.Client.Drafting;

/// <summary>An identifier of persons, as far as the first rows of a file show.</summary>
/// <param name="Column">The position of its column; -1 for a composite.</param>
/// <param name="Kind">The kind.</param>
/// <param name="Form">The form of the cells.</param>
/// <param name="NeedsRegion">Whether phone numbers lack their country code.</param>
/// <param name="IsKindKnown">Whether the kind of identifier behind hashes is known.</param>
internal sealed record IdentifierGuess(
    int Column, IdentifierKind Kind, IdentifierForm Form = IdentifierForm.Clear, bool NeedsRegion = false, bool IsKindKnown = true)
{
    private const int Rows = 10_000;

    /// <summary>The parts of a composite.</summary>
    public IReadOnlyList<PartGuess> Parts { get; init; } = [];

    /// <summary>The positions of its columns.</summary>
    public IReadOnlyList<int> Columns => Column >= 0 ? [Column] : [.. Parts.Select(part => part.Column)];

    /// <summary>Reads the first 10,000 rows of a file.</summary>
    /// <returns>Every identifier that the file has, the best first.</returns>
    public static IReadOnlyList<IdentifierGuess> FindAll(IRows file)
    {
        var counts = file.Header.Select(header => new Counts(header)).ToArray();
        for (var row = 0; row < Rows && file.Read(); row++)
        {
            for (var i = 0; i < counts.Length && i < file.CellCount; i++)
            {
                if (file.FindProblem(i) is null)
                {
                    counts[i].Add(file.Cell(i).Trim());
                }
            }
        }
        var alone = counts.Index()
            .Select(each => (Guess: each.Item.Decide(each.Index), each.Item.Distinct))
            .Where(each => each.Guess is not null)
            .OrderBy(each => Rank(each.Guess!)).ThenByDescending(each => each.Distinct)
            .Select(each => each.Guess!);
        var parts = PartGuess.Find([.. counts.Select(count => count.Dates)], file.Header);
        return parts.Count == 0 ? [.. alone] : [.. alone, new IdentifierGuess(-1, IdentifierKind.Composite) { Parts = parts }];
    }

    /// <summary>Chooses the identifiers by which persons match one after the other: one of each kind. A company's own number matches at
    /// nobody else, so it counts only when there is no other.</summary>
    public static IReadOnlyList<IdentifierGuess> ChooseSeveral(IReadOnlyList<IdentifierGuess> all)
    {
        List<IdentifierGuess> chosen = [.. all.Where(guess => guess.Kind != IdentifierKind.CustomerId).DistinctBy(guess => guess.Kind)];
        return chosen.Count > 0 ? chosen : [.. all.Take(1)];
    }

    /// <summary>The identifier as an upload normalises it.</summary>
    public Identifier ToIdentifier(IReadOnlyList<string> headers) =>
        new(Kind, Identifier.Profiles(Kind).First().Value, Column < 0 ? "" : headers[Column], Form)
        {
            Parts = [.. Parts.Select(part => part.ToIdentifier(headers))],
        };

    private static int Rank(IdentifierGuess guess) => (guess.Kind, guess.Form) switch
    {
        (IdentifierKind.Email, IdentifierForm.Clear) => 0,
        (IdentifierKind.Phone, IdentifierForm.Clear) => 1,
        (_, IdentifierForm.Sha256) => 2,
        (IdentifierKind.CustomerId, _) => 4,
        _ => 3,
    };

    private sealed class Counts(string header)
    {
        private static readonly (IdentifierKind Kind, IdentifierNormaliser Normaliser)[] Devices =
        [
            .. new[] { IdentifierKind.Maid, IdentifierKind.RampId, IdentifierKind.Uid2 }
                .Select(kind => (kind, new IdentifierNormaliser(new Identifier(kind, IdentifierProfile.Exact, "")))),
        ];

        // The position of the digit of its version in a UUID without hyphens, RFC 9562, section 4.2. Devices have random ones, version 4.
        private const int UuidVersion = 12;

        private static readonly SearchValues<char> PhoneCharacters = SearchValues.Create("0123456789+()/-. ");

        private readonly int[] devices = new int[Devices.Length];
        private readonly HashSet<string> texts = new(StringComparer.Ordinal);
        private int cells;
        private int mails;
        private int hashes;
        private int coded;
        private int phones;

        public int Distinct => texts.Count;

        /// <summary>The ways in which the cells are dates.</summary>
        public DateTally Dates { get; } = new();

        public void Add(ReadOnlySpan<char> cell)
        {
            if (cell.IsEmpty || Nobody.IsWord(cell, IdentifierKind.CustomerId))
            {
                return;
            }
            cells++;
            texts.Add(cell.ToString());
            Dates.Add(cell);
            mails += cell.Contains('@') ? 1 : 0;
            var digits = IdentifierNormaliser.RemoveHexPrefix(cell);
            hashes += digits.Length is 43 or 44 or 64 && IdentifierNormaliser.LooksHashed(digits) ? 1 : 0;
            var isNumber = !cell.ContainsAnyExcept(PhoneCharacters) && cell.Length >= 6;
            coded += isNumber && (cell[0] == '+' || cell.StartsWith("00", StringComparison.Ordinal)) ? 1 : 0;
            phones += isNumber ? 1 : 0;
            // 32 digits without hyphens are a UUID if they name its version; else they are MD5.
            if (cell.Length is < 32 or > 80 || (cell.Length == 32 && cell[UuidVersion] != '4'))
            {
                return;
            }
            Span<char> buffer = stackalloc char[2 * 80];
            for (var i = 0; i < Devices.Length; i++)
            {
                devices[i] += Devices[i].Normaliser.Normalise(cell, buffer) is > 0 or Nobody.Length ? 1 : 0;
            }
        }

        public IdentifierGuess? Decide(int column)
        {
            bool Most(int count) => cells > 0 && 2 * count >= cells;
            if (Most(mails))
            {
                return new IdentifierGuess(column, IdentifierKind.Email);
            }
            if (Most(devices[2]) && HeaderWords.Has(header, "uid2", "euid"))
            {
                return new IdentifierGuess(
                    column, HeaderWords.Has(header, "euid") ? IdentifierKind.Euid : IdentifierKind.Uid2);
            }
            if (Most(hashes))
            {
                var kind = HeaderWords.Has(header, "phone", "tel", "mobile") ? IdentifierKind.Phone : IdentifierKind.Email;
                var isKnown = kind == IdentifierKind.Phone || HeaderWords.Has(header, "mail", "hem");
                return new IdentifierGuess(column, kind, IdentifierForm.Sha256, IsKindKnown: isKnown);
            }
            if (Most(devices[0]) || Most(devices[1]))
            {
                return new IdentifierGuess(column, Most(devices[0]) ? IdentifierKind.Maid : IdentifierKind.RampId);
            }
            if (Most(phones) && (5 * coded >= cells || HeaderWords.Has(header, "phone", "tel", "mobile", "handy")))
            {
                return new IdentifierGuess(column, IdentifierKind.Phone, NeedsRegion: coded < phones);
            }
            return cells > 0 && HeaderWords.IsCustomerNumber(header) && 10 * Distinct >= cells
                ? new IdentifierGuess(column, IdentifierKind.CustomerId)
                : null;
        }
    }
}
