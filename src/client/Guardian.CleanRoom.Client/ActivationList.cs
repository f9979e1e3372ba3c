using Guardian.CleanRoom.Client.Normalisation;
using Guardian.CleanRoom.Client.Reading;
using Guardian.CleanRoom.Client.Reasons;
using Guardian.CleanRoom.Contract;
using Guardian.CleanRoom.Layout;
using Guardian.Refusals;
using Sylvan.Data.Csv;

namespace Guardian.CleanRoom.Client;

/// <summary>Turns the tags of an activation list back into identifiers. Only the receiver's own file can do that. Thread-safe.</summary>
/// <param name="identifier">The identifier of the receiver's data set, from the contract.</param>
/// <param name="matchKey">The room's match key, 32 bytes; the receiver gets it from <see cref="RoomClient.ReadKeysAsync"/>.</param>
public sealed class ActivationList(Identifier identifier, byte[] matchKey)
{
    /// <summary>Finds the rows whose tags are wanted.</summary>
    /// <param name="path">The receiver's file: CSV with a header, UTF-8, unpacked when its name ends in <c>.gz</c>.</param>
    /// <param name="wanted">Tags of 14 bytes, lower-case hex.</param>
    /// <param name="cancellation">Stops the search.</param>
    /// <returns>The identifiers as they stand in the file, each once, in the order of the file. The parts of a composite identifier are
    /// joined as cells of a CSV file.</returns>
    /// <exception cref="RefusedException"><see cref="RoomClientReasons.BadData"/>: the file is not CSV in UTF-8, or a column is
    /// missing.</exception>
    /// <exception cref="IOException">The file cannot be opened or read.</exception>
    public IReadOnlyList<string> Find(string path, IReadOnlySet<string> wanted, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(wanted);
        using var rows = RowFile.Open(path);
        var header = rows.Header.ToList();
        var columns = identifier.Columns.Select(name => header.IndexOf(name)).ToList();
        if (columns.Contains(-1))
        {
            throw RoomClientReasons.RefuseData($"{path} has no column '{identifier.Columns[columns.IndexOf(-1)]}'");
        }
        var row = new RowIdentifier(identifier, columns, rows.Cell);
        var buffer = new char[RowIdentifier.BufferSize];
        var found = new List<string>();
        var seen = new HashSet<string>();
        while (rows.Read())
        {
            cancellation.ThrowIfCancellationRequested();
            var length = row.Read(buffer);
            if (length > 0)
            {
                var tag = Identifiers.Tag(matchKey, identifier.Kind, buffer.AsSpan(0, length));
                var hex = $"{tag.High:x16}{tag.Low:x16}"[..28];
                if (wanted.Contains(hex) && seen.Add(hex))
                {
                    var cells = columns.Select(column => rows.Cell(column).Trim().ToString());
                    found.Add(columns.Count == 1 ? cells.Single() : string.Join(',', cells.Select(Quote)));
                }
            }
        }
        return found;
    }

    private static string Quote(string cell) =>
        cell.AsSpan().ContainsAny(",\"\r\n") ? $"\"{cell.Replace("\"", "\"\"", StringComparison.Ordinal)}\"" : cell;
}
