using System.IO.Compression;
using Sylvan.Data.Csv;

namespace Guardian.CleanRoom.Client;

/// <summary>Turns the tags of an activation list back into identifiers, by the receiver's own file. Nobody else's file says anything about them.</summary>
public sealed class ActivationList(Identifier identifier, byte[] matchKey)
{
    /// <summary>The identifiers of the file's rows whose tags are wanted, each once, as they stand in the file.</summary>
    /// <param name="wanted">Tags of 14 bytes, lower-case hex.</param>
    /// <exception cref="PreparationException">The file has no such column.</exception>
    public IReadOnlyList<string> Find(string path, IReadOnlySet<string> wanted, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(wanted);
        using var file = File.OpenRead(path);
        using Stream bytes = path.EndsWith(".gz", StringComparison.OrdinalIgnoreCase) ? new GZipStream(file, CompressionMode.Decompress) : file;
        using var text = new StreamReader(bytes);
        using var reader = CsvDataReader.Create(text);
        var column = Enumerable.Range(0, reader.FieldCount).FirstOrDefault(i => reader.GetName(i).Trim() == identifier.Column, -1);
        if (column < 0)
        {
            throw new PreparationException($"{path} has no column '{identifier.Column}'");
        }
        var normaliser = new IdentifierNormaliser(identifier);
        var found = new List<string>();
        var seen = new HashSet<string>();
        while (reader.Read())
        {
            cancellation.ThrowIfCancellationRequested();
            var cell = reader.GetString(column);
            var buffer = new char[IdentifierNormaliser.BufferSize(cell.Length)];
            var length = normaliser.Normalise(cell, buffer);
            if (length > 0)
            {
                var tag = Identifiers.Tag(matchKey, identifier.Kind, buffer.AsSpan(0, length));
                var hex = $"{tag.High:x16}{tag.Low:x16}"[..28];
                if (wanted.Contains(hex) && seen.Add(hex))
                {
                    found.Add(cell.Trim());
                }
            }
        }
        return found;
    }
}
