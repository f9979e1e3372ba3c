using System.Globalization;
using System.Text;
using Guardian.CleanRoom.Client;
using Guardian.CleanRoom.Contract;
using Guardian.CleanRoom.Keys;

namespace Guardian.Bench.CleanRoom;

/// <summary>
/// The partner's side, from a CSV file to encrypted chunks: reading, normalising, tagging, coding, sorting, padding, hashing, encrypting.
/// </summary>
internal static class Partner
{
    /// <summary>Writes a file of customer numbers with two attributes.</summary>
    public static void Write(string path, int rows)
    {
        using var file = new StreamWriter(path, append: false, new UTF8Encoding(false), 1 << 20);
        file.Write("id,one,two\n");
        for (var row = 0; row < rows; row++)
        {
            file.Write(string.Create(CultureInfo.InvariantCulture, $"C{row * 7919L % 10_000_000_000:D10},{row % 10},{row % 100}\n"));
        }
    }

    /// <summary>Prepares and encrypts a data set.</summary>
    /// <returns>Bytes to send.</returns>
    public static long Prepare(Room room, string path)
    {
        var dataSet = room.Contract.DataSets[0];
        using var prepared = new DataSetPreparer(dataSet, room.Layout).Prepare(path, new byte[RoomKeys.KeySize]);
        using var cipher = new ChunkCipher(new byte[RoomKeys.KeySize], room.Contract, dataSet, prepared.Digest.Span);
        var size = 0L;
        for (var group = 0; group < prepared.GroupCount; group++)
        {
            size += cipher.Encrypt(group, prepared.WriteGroup(group).Span).Length;
        }
        return size;
    }
}
