using System.Globalization;
using System.IO.Compression;
using Sylvan.Data.Csv;

namespace Guardian.CleanRoom.Tests.Support;

/// <summary>A row of Hillstrom's experiment; see samples/hillstrom/ATTRIBUTION.md.</summary>
internal sealed record HillstromRow(int Number, string Arm, double History, double Visit, double Conversion, double Spend, string Zip)
{
    public double Outcome(string name) => name switch { "visit" => Visit, "conversion" => Conversion, _ => Spend };
}

/// <summary>The published file.</summary>
internal static class HillstromRows
{
    private static readonly Lazy<IReadOnlyList<HillstromRow>> Rows = new(Load);

    public static IReadOnlyList<HillstromRow> Read() => Rows.Value;

    private static List<HillstromRow> Load()
    {
        using var file = File.OpenRead(Repository.File("samples", "hillstrom", "hillstrom.csv.gz"));
        using var text = new StreamReader(new GZipStream(file, CompressionMode.Decompress));
        using var reader = CsvDataReader.Create(text);
        var rows = new List<HillstromRow>();
        double Number(string column) => double.Parse(reader.GetString(reader.GetOrdinal(column)), CultureInfo.InvariantCulture);
        while (reader.Read())
        {
            rows.Add(new HillstromRow(
                rows.Count, reader.GetString(reader.GetOrdinal("segment")), Number("history"), Number("visit"), Number("conversion"),
                Number("spend"), reader.GetString(reader.GetOrdinal("zip_code"))));
        }
        return rows;
    }
}
