using System.Globalization;
using System.IO.Compression;
using Sylvan.Data.Csv;

namespace Guardian.Cli.Commands.Demo;

/// <summary>
/// Hillstrom's e-mail experiment (samples/hillstrom), split as it would be in life: an agency that knows whom it wrote to, and a
/// retailer that knows what its customers did. Each side also holds persons the other has never heard of, in another order, and
/// writes the addresses its own way.
/// </summary>
internal sealed class Hillstrom
{
    // Persons of one side only, next to the 64,000 of the experiment.
    private const int AgencyOnly = 3_000;
    private const int RetailerOnly = 6_000;

    private static readonly string[] ArmNames = ["Mens E-Mail", "Womens E-Mail", "No E-Mail"];

    private readonly List<Customer> customers = [];

    private Hillstrom()
    {
    }

    public static IReadOnlyList<string> Arms => ArmNames;

    public static string Control => ArmNames[2];

    /// <summary>The experiment's customers, as published.</summary>
    public IReadOnlyList<Customer> Customers => customers;

    /// <summary>Reads the embedded sample.</summary>
    public static Hillstrom Load()
    {
        using var packed = typeof(Hillstrom).Assembly.GetManifestResourceStream("hillstrom.csv.gz")
            ?? throw new InvalidOperationException("the sample is not embedded");
        using var text = new StreamReader(new GZipStream(packed, CompressionMode.Decompress));
        using var rows = CsvDataReader.Create(text);
        var (arm, zip, channel, history, visit, conversion, spend) =
            (rows.GetOrdinal("segment"), rows.GetOrdinal("zip_code"), rows.GetOrdinal("channel"), rows.GetOrdinal("history"),
             rows.GetOrdinal("visit"), rows.GetOrdinal("conversion"), rows.GetOrdinal("spend"));
        var data = new Hillstrom();
        while (rows.Read())
        {
            data.customers.Add(new Customer(
                rows.GetString(arm), rows.GetString(zip), rows.GetString(channel), rows.GetDecimal(history),
                rows.GetInt32(visit) == 1, rows.GetInt32(conversion) == 1, rows.GetDecimal(spend)));
        }
        return data;
    }

    /// <summary>Writes the agency's file: e-mail, arm, exposed. Addresses in capitals, with stray blanks.</summary>
    /// <returns>Rows written.</returns>
    public int WriteAgencyFile(string path)
    {
        using var writer = new StreamWriter(path);
        writer.WriteLine("email,arm,exposed");
        var total = customers.Count + AgencyOnly;
        foreach (var person in Shuffled(total, 7919))
        {
            var arm = person < customers.Count ? customers[person].Arm : ArmNames[person % 3];
            var address = person < customers.Count ? Address(person) : $"prospect{person}@example.org";
            writer.WriteLine($"{(person % 2 == 0 ? address.ToUpperInvariant() : $" {address} ")},{arm},{(arm == Control ? 0 : 1)}");
        }
        return total;
    }

    /// <summary>Writes the retailer's file: e-mail, zip code, channel, history, visit, conversion, spend.</summary>
    /// <returns>Rows written.</returns>
    public int WriteRetailerFile(string path)
    {
        using var writer = new StreamWriter(path);
        writer.WriteLine("email,zip_code,channel,history,visit,conversion,spend");
        var total = customers.Count + RetailerOnly;
        foreach (var person in Shuffled(total, 104_729))
        {
            // The retailer's other customers bought as someone in the experiment did, but were never part of it.
            var known = customers[person % customers.Count];
            var address = person < customers.Count ? Address(person) : $"walk.in{person}@example.net";
            writer.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{address},{known.ZipCode},{known.Channel},{known.History},"
                + $"{(known.Visit ? 1 : 0)},{(known.Conversion ? 1 : 0)},{known.Spend}"));
        }
        return total;
    }

    private static string Address(int person) => string.Create(CultureInfo.InvariantCulture, $"customer.{person:D5}@example.com");

    // A fixed order that is nobody's: steps of a prime that does not divide the count visit every person once.
    private static IEnumerable<int> Shuffled(int count, int prime)
    {
        for (var position = 0; position < count; position++)
        {
            yield return (int)((long)position * prime % count);
        }
    }
}

/// <summary>One customer of the experiment.</summary>
internal sealed record Customer(string Arm, string ZipCode, string Channel, decimal History, bool Visit, bool Conversion, decimal Spend);
