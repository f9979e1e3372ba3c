using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Guardian.CleanRoom.Client;
using Guardian.CleanRoom.Client.Tagging;
using Guardian.CleanRoom.Contract;
using Guardian.CleanRoom.Keys;
using Guardian.CleanRoom.Layout;

namespace Guardian.Bench.CleanRoom;

/// <summary>
/// Tagging identifiers on the partner's side, on one core: HMAC-SHA256 of messages of one and of two blocks, by the base library and in
/// vectors of both widths; and a file of three identifiers in all steps up to sorted rows.
/// </summary>
internal static class Hashing
{
    private static readonly int[] Sizes = [30, 80];

    /// <summary>Measures a number of messages.</summary>
    public static void Run(string directory, int rows, int rounds)
    {
        var key = RandomNumberGenerator.GetBytes(32);
        var measure = new Rounds();
        foreach (var size in Sizes)
        {
            var messages = RandomNumberGenerator.GetBytes(ShortHmac.Lanes * size);
            measure.Add($"{size} bytes, base library", () => HashOneByOne(key, messages, size, rows));
            measure.Add($"{size} bytes, vectors of 256 bits", () => HashTogether(new ShortHmac(key, isWide: false), messages, size, rows));
            measure.Add($"{size} bytes, vectors of 512 bits", () => HashTogether(new ShortHmac(key, isWide: true), messages, size, rows));
        }
        var contract = BenchContract.Read(
            "    identifiers:\n" + string.Concat(
                new[] { "email", "phone", "customer_id" }.Select(kind => $"      - {{kind: {kind}, column: {kind}}}\n")),
            rows, "persons: a\n");
        var path = Path.Combine(directory, "several.csv");
        Write(path, rows);
        measure.Add("file of three identifiers, to sorted rows", () =>
        {
            using var prepared = new DataSetPreparer(contract.FindDataSet("a")!, RoomLayout.For(contract))
                .Prepare(path, new byte[RoomKeys.KeySize]);
        });
        measure.Run(rounds);
        foreach (var size in Sizes)
        {
            var library = measure.Processor($"{size} bytes, base library");
            foreach (var way in new[] { "256", "512" })
            {
                var time = measure.Processor($"{size} bytes, vectors of {way} bits");
                Console.WriteLine(string.Create(
                    CultureInfo.InvariantCulture,
                    $"  {size} bytes in {way} bits: {rows / time / 1000:F1} million a second and core, "
                    + $"{library / time:F1} x the base library"));
            }
        }
        var file = measure.Processor("file of three identifiers, to sorted rows");
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"  file of three identifiers: {rows / file / 1000:F2} million rows a second and core"));
    }

    private static void HashOneByOne(byte[] key, byte[] messages, int size, int count)
    {
        Span<byte> mac = stackalloc byte[HMACSHA256.HashSizeInBytes];
        for (var i = 0; i < count; i++)
        {
            HMACSHA256.HashData(key, messages.AsSpan(i % ShortHmac.Lanes * size, size), mac);
        }
    }

    private static void HashTogether(ShortHmac hmac, byte[] messages, int size, int count)
    {
        for (var i = 0; i < count; i += ShortHmac.Lanes)
        {
            for (var lane = 0; lane < ShortHmac.Lanes; lane++)
            {
                hmac.SetMessage(lane, messages.AsSpan(lane * size, size));
            }
            hmac.Compute();
        }
    }

    private static void Write(string path, int rows)
    {
        using var file = new StreamWriter(path, append: false, new UTF8Encoding(false), 1 << 20);
        file.Write("email,phone,customer_id,one,two\n");
        for (var row = 0; row < rows; row++)
        {
            file.Write(string.Create(
                CultureInfo.InvariantCulture,
                $"person{row}@example.com,+49151{1_000_000 + row},C{row * 7919L % 10_000_000_000:D10},{row % 10},{row % 100}\n"));
        }
    }
}
