using System.IO.Compression;
using Guardian.CleanRoom.Client.Normalisation;
using Guardian.CleanRoom.Contract;
using Guardian.CleanRoom.Data;
using Sylvan.Data.Csv;

namespace Guardian.CleanRoom.Client;

/// <summary>Turns the tags of an activation list back into identifiers, by the receiver's own file. Nobody else's file says anything about them.</summary>
public sealed class ActivationList(Identifier identifier, byte[] matchKey)
{
    /// <summary>The identifiers of the file's rows whose tags are wanted, each once, as they stand in the file; the parts of a composite as cells of a CSV file.</summary>
    /// <param name="wanted">Tags of 14 bytes, lower-case hex.</param>
    /// <exception cref="PreparationException">The file has no such column.</exception>
    public IReadOnlyList<string> Find(string path, IReadOnlySet<string> wanted, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(wanted);
        using var file = File.OpenRead(path);
        using Stream bytes = path.EndsWith(".gz", StringComparison.OrdinalIgnoreCase) ? new GZipStream(file, CompressionMode.Decompress) : file;
        using var text = new StreamReader(bytes);
        using var reader = CsvDataReader.Create(text);
        var header = Enumerable.Range(0, reader.FieldCount).Select(i => reader.GetName(i).Trim()).ToList();
        var columns = identifier.Columns.Select(name => header.IndexOf(name)).ToList();
        if (columns.Contains(-1))
        {
            throw new PreparationException($"{path} has no column '{identifier.Columns[columns.IndexOf(-1)]}'");
        }
        var row = new RowIdentifier(identifier, columns, column => reader.GetString(column));
        var buffer = new char[RowIdentifier.BufferSize];
        var found = new List<string>();
        var seen = new HashSet<string>();
        while (reader.Read())
        {
            cancellation.ThrowIfCancellationRequested();
            var length = row.Read(buffer);
            if (length > 0)
            {
                var tag = Identifiers.Tag(matchKey, identifier.Kind, buffer.AsSpan(0, length));
                var hex = $"{tag.High:x16}{tag.Low:x16}"[..28];
                if (wanted.Contains(hex) && seen.Add(hex))
                {
                    found.Add(columns.Count == 1 ? reader.GetString(columns[0]).Trim() : string.Join(',', columns.Select(column => Quoted(reader.GetString(column).Trim()))));
                }
            }
        }
        return found;
    }

    private static string Quoted(string cell) => cell.AsSpan().ContainsAny(",\"\r\n") ? $"\"{cell.Replace("\"", "\"\"", StringComparison.Ordinal)}\"" : cell;
}
