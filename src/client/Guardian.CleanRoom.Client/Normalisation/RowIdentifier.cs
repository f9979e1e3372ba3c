using System.Globalization;
using System.Text;
using Guardian.CleanRoom.Contract;
using Guardian.CleanRoom.Layout;

namespace Guardian.CleanRoom.Client.Normalisation;

/// <summary>Reads a cell of the current row.</summary>
/// <param name="column">The position of its column.</param>
internal delegate ReadOnlySpan<char> CellReader(int column);

/// <summary>
/// Reads the identifier of a row from its columns. A composite becomes netstrings, one for each part in declared order: the size in bytes
/// of UTF-8, a colon, the normalised part, a comma. Therefore different parts never give equal text. Not thread-safe.
/// </summary>
internal sealed class RowIdentifier
{
    /// <summary>The size in characters of a buffer for any result.</summary>
    public const int BufferSize = 2 * Identifiers.MaxSize;

    private readonly Identifier identifier;
    private readonly IReadOnlyList<int> columns;
    private readonly CellReader cell;
    private readonly List<IdentifierNormaliser> normalisers;
    private readonly char[] part = new char[BufferSize];

    /// <param name="identifier">The identifier of the data set.</param>
    /// <param name="columns">The positions of the identifier's columns, in their order.</param>
    /// <param name="cell">Reads cells of the current row.</param>
    public RowIdentifier(Identifier identifier, IReadOnlyList<int> columns, CellReader cell)
    {
        (this.identifier, this.columns, this.cell) = (identifier, columns, cell);
        normalisers = [.. (identifier.Parts.Count == 0 ? [identifier] : identifier.Parts).Select(each => new IdentifierNormaliser(each))];
    }

    /// <summary>Normalises the identifier of the current row.</summary>
    /// <param name="buffer">Receives the result; <see cref="BufferSize"/> characters.</param>
    /// <returns>The length of the result: 0 when the row has no identifier, -1 when it is not of its kind, and
    /// <see cref="Nobody.Length"/> when it is the identifier of nobody. A part that is nobody's is an empty part.</returns>
    public int Read(Span<char> buffer)
    {
        if (identifier.Parts.Count == 0)
        {
            return Normalise(0, buffer);
        }
        var names = identifier.IsAnyOrder ? SortNames() : null;
        var (length, isEmpty, next) = (0, true, 0);
        for (var index = 0; index < columns.Count; index++)
        {
            var size = Normalise(index, part) is var read && read == Nobody.Length ? 0 : read;
            if (size < 0 || (size == 0 && !identifier.Parts[index].IsOptional))
            {
                return size;
            }
            var isSorted = names is not null && identifier.Parts[index].Kind == IdentifierKind.Name;
            var normalised = isSorted ? names![next++].AsSpan() : part.AsSpan(0, size);
            var byteCount = Encoding.UTF8.GetByteCount(normalised);
            if (!buffer[length..].TryWrite(CultureInfo.InvariantCulture, $"{byteCount}:{normalised},", out var written))
            {
                return -1;
            }
            (length, isEmpty) = (length + written, isEmpty && size == 0);
        }
        return isEmpty ? 0 : length <= Identifiers.MaxSize ? length : -1;
    }

    /// <summary>Whether the current row has a hash although the contract says clear text. A customer number of 32 digits is none, because
    /// random numbers look like that, and identifiers of devices have forms of their own.</summary>
    public bool LooksHashed
    {
        get
        {
            if (identifier.Form != IdentifierForm.Clear
                || identifier.Kind is IdentifierKind.Maid or IdentifierKind.Uid2 or IdentifierKind.Euid or IdentifierKind.RampId)
            {
                return false;
            }
            foreach (var column in columns)
            {
                var text = cell(column).Trim();
                if (IdentifierNormaliser.LooksHashed(text) && (text.Length > 40 || identifier.Kind != IdentifierKind.CustomerId))
                {
                    return true;
                }
            }
            return false;
        }
    }

    // The names of the current row in the order of their characters; one that is no name is empty, and refused where it is written.
    private string[] SortNames()
    {
        string[] names =
        [
            .. Enumerable.Range(0, columns.Count).Where(index => identifier.Parts[index].Kind == IdentifierKind.Name)
                .Select(index => part.AsSpan(0, Math.Max(0, Normalise(index, part))).ToString()),
        ];
        Array.Sort(names, StringComparer.Ordinal);
        return names;
    }

    private int Normalise(int index, Span<char> buffer)
    {
        var text = cell(columns[index]).Trim();
        // The buffer has space for the longest identifier only.
        return text.Length > Identifiers.MaxSize ? -1 : normalisers[index].Normalise(text, buffer);
    }
}
