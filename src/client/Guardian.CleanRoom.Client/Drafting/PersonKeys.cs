using System.Security.Cryptography;
using System.Text;
using Guardian.CleanRoom.Client.Normalisation;
using Guardian.CleanRoom.Client.Reading;

namespace Guardian.CleanRoom.Client.Drafting;

/// <summary>Reads the person of a row as a number. Not thread-safe.</summary>
internal sealed class PersonKeys
{
    private readonly List<(IdentifierGuess Guess, RowIdentifier Reader)> identifiers;
    private readonly IRows file;
    private readonly char[] buffer = new char[RowIdentifier.BufferSize];

    /// <param name="guesses">The identifiers, best first.</param>
    /// <param name="file">The file.</param>
    public PersonKeys(IReadOnlyList<IdentifierGuess> guesses, IRows file)
    {
        this.file = file;
        identifiers = [.. guesses.Select(guess => (guess, new RowIdentifier(guess.ToIdentifier(file.Header), guess.Columns, file.Cell)))];
    }

    /// <summary>The person of the current row, by its first identifier.</summary>
    /// <param name="row">The number of the row, which is its person when there are no identifiers.</param>
    /// <returns>Null when the row has no identifier. Phone numbers without a country code count by their digits, because the region is
    /// not decided yet.</returns>
    public long? Read(int row)
    {
        foreach (var (index, (guess, reader)) in identifiers.Index())
        {
            var length = reader.Read(buffer);
            if (length == -1 && guess.NeedsRegion)
            {
                var digits = string.Concat(file.Cell(guess.Column).ToString().Where(char.IsAsciiDigit));
                length = digits.Length <= buffer.Length ? digits.Length : -1;
                digits.AsSpan(0, Math.Max(length, 0)).CopyTo(buffer);
            }
            if (length > 0)
            {
                return BitConverter.ToInt64(SHA256.HashData(Encoding.UTF8.GetBytes($"{index} {buffer.AsSpan(0, length)}")));
            }
        }
        return identifiers.Count == 0 ? row : null;
    }
}
