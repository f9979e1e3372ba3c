using System.Buffers.Binary;
using Guardian.CleanRoom.Contract;
using Guardian.CleanRoom.Data.Linking;
using Guardian.CleanRoom.Layout;
using Guardian.CleanRoom.Matching;

namespace Guardian.CleanRoom.Tests.Support;

/// <summary>The rows that the enclave takes for one person, by a number that both files have as a column.</summary>
internal static class LinkedPairs
{
    /// <summary>Links two files.</summary>
    /// <returns>For each row that has a person, its number and that of the person.</returns>
    public static List<(uint Person, uint Row)> Of(
        RoomContract contract, (string DataSet, string Csv, string Number) persons, (string DataSet, string Csv, string Number) rows)
    {
        var layout = RoomLayout.For(contract);
        var linker = new IdentityLinker(contract, layout, [.. Enumerable.Range(0, 32).Select(i => (byte)i)], 1 << 26);
        var (first, second) = (Source(contract, persons), Source(contract, rows));
        using var folder = new TemporaryFolder();
        var numbers = Read(contract, layout, linker, first, first, persons.Number, folder).ToDictionary();
        return [.. Read(contract, layout, linker, second, first, rows.Number, folder)
            .Where(pair => numbers.ContainsKey(pair.Key)).Select(pair => (numbers[pair.Key], pair.Value))];
    }

    private static MemorySource Source(RoomContract contract, (string DataSet, string Csv, string Number) file) =>
        new(contract.FindDataSet(file.DataSet)!.Keyed(), TestRows.Prepare(contract, file.DataSet, file.Csv));

    // The tag and the number of each row. A number in the file is its code less one.
    private static List<KeyValuePair<(int, ulong), uint>> Read(
        RoomContract contract, RoomLayout layout, IdentityLinker linker, MemorySource source, MemorySource persons, string number,
        TemporaryFolder folder)
    {
        var dataSet = contract.FindDataSet(source.DataSet.Name)!;
        var (columns, found, gate) = (new GroupColumns(layout, dataSet), new List<KeyValuePair<(int, ulong), uint>>(), new Lock());
        var column = dataSet.Columns.ToList().FindIndex(each => each.Name == number);
        Assert.True(linker.TryLink(source, persons, folder.File("scratch"), (group, plaintext) =>
        {
            var words = columns.Words(plaintext);
            var codes = columns.Codes(column, plaintext);
            lock (gate)
            {
                for (var slot = 0; slot < columns.Slots; slot++)
                {
                    if (words[slot] != Elements.Empty)
                    {
                        found.Add(new(
                            ((group * 8) + (slot % 8), words[slot] >> 16),
                            BinaryPrimitives.ReadUInt32LittleEndian(codes[(4 * slot)..]) - 1));
                    }
                }
            }
        }));
        return found;
    }
}
