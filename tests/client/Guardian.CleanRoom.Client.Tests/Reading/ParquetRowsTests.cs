using DuckDB.NET.Data;
using Guardian.CleanRoom.Client.Drafting;
using Guardian.CleanRoom.Client.Reading;
using Guardian.Refusals;


namespace Guardian.CleanRoom.Client.Tests.Reading;

/// <summary>Parquet as another program writes it.</summary>
public sealed class ParquetRowsTests : IDisposable
{
    private const string Columns =
        "'p' || i || '@example.org' as email, (i % 128)::tinyint as tiny, (i % 256)::utinyint as small, "
        + "-i * 70000 as whole, i * 12345678901 as large, "
        + "(i * -7.25)::decimal(9, 2) as price, (i * 1234.567891)::decimal(18, 6) as fine, (i * 0.5)::decimal(38, 3) as wide, "
        + "i / 4.0 as share, i % 3 = 0 as flag, date '1969-12-25' + (i * 211)::integer as day, "
        + "timestamp '1969-12-31 23:59:59.123456' + interval (i * 1009) hour as instant, "
        + "(timestamp '2026-01-01 10:00:00' + interval (i) second)::timestamp_ms as ms, timestamp '2026-01-01 00:00:00+00' as utc, "
        + "case when i % 4 = 0 then null else (i * 1.5)::decimal(18, 2) end as gaps, case when i % 5 = 0 then null else i end as missing";

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("parquet_version v2")]
    [InlineData("parquet_version v2, dictionary_size_limit 1")]
    [InlineData("parquet_version v2, dictionary_size_limit 1, compression zstd, row_group_size 2048")]
    [InlineData("dictionary_size_limit 1, compression uncompressed")]
    [InlineData("compression gzip")]
    [InlineData("compression brotli")]
    [InlineData("compression lz4_raw")]
    public void Each_way_to_write_the_same_cells_is_read_as_the_same_cells(string options)
    {
        var expected = Read(Write($"select {Columns} from range(5000) r(i)", "compression snappy"));
        string[] cells =
        [
            "p100@example.org", "100", "100", "-7000000", "1234567890100", "-725.00", "123456.789100", "50", "25", "false",
            "2027-10-02", "1981-07-06T03:59:59.1234560", "2026-01-01T10:01:40.0000000", "2026-01-01", "", "",
        ];
        Assert.Equal(cells, expected[101]);
        Assert.Equal(expected, Read(Write($"select {Columns} from range(5000) r(i)", options)));
    }

    [Fact]
    public void Identifiers_that_are_bytes_or_UUIDs_are_read_as_text()
    {
        const string query = "select encode('zoë' || i || '@example.org') as email, unhex(sha256(i::varchar)) as hash, "
            + "('123e4567-e89b-12d3-a456-42661417' || lpad(i::varchar, 4, '0'))::uuid as device from range(3) r(i)";
        Assert.Equal(
            [
                "zoë1@example.org", "6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b",
                "123e4567-e89b-12d3-a456-426614170001",
            ],
            Read(Write(query, "compression snappy"))[2]);
    }

    [Fact]
    public void A_column_that_cannot_be_read_is_left_out_of_a_draft_and_named_when_it_is_needed()
    {
        var path = Write(
            "select 'p' || i || '@example.org' as email, [i] as basket, interval (i) day as wait, i % 2 as buyer from range(100) r(i)",
            "compression snappy");
        var draft = DataSetDraft.Read(path, "campaign", "agency", isSeveral: false, CancellationToken.None);
        Assert.Contains("- {name: buyer", draft.Text, StringComparison.Ordinal);
        Assert.Contains(draft.Notes, note => note.Contains("it holds lists", StringComparison.Ordinal));
        Assert.Contains(draft.Notes, note => note.Contains("wait: it is of type Interval", StringComparison.Ordinal));
        using var rows = RowFile.Open(path);
        Assert.True(rows.Read());
        Assert.Contains("holds lists", Assert.Throws<RefusedException>(() => rows.Cell(1).ToString()).Refusal.Problems[0],
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0x7FFFFFFFu)]
    [InlineData(0xFFFFFFFFu)]
    [InlineData(0x10000u)]
    [InlineData(0u)]
    public void A_footer_larger_than_the_file_or_empty_is_refused_before_it_is_read(uint size)
    {
        var path = Write("select 'a@x.org' as email", "compression snappy");
        var bytes = File.ReadAllBytes(path);
        Assert.True(BitConverter.TryWriteBytes(bytes.AsSpan(bytes.Length - 8), size));
        File.WriteAllBytes(path, bytes);
        Assert.Contains(
            "is not valid Parquet", Assert.Throws<RefusedException>(() => RowFile.Open(path)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("PARE", "encrypted Parquet")]
    [InlineData("ARROW1", "Feather")]
    [InlineData("ORC\u0003", "ORC")]
    [InlineData("Obj\u0001", "Avro")]
    public void A_table_in_another_format_is_refused_by_its_name(string begin, string name)
    {
        folder.Write("table", begin + "\0\0\0\0\0\0\0\0");
        Assert.Contains(
            name, Assert.Throws<RefusedException>(() => RowFile.Open(folder.File("table"))).Message, StringComparison.Ordinal);
    }

    private static List<string[]> Read(string path)
    {
        using var rows = RowFile.Open(path, "instant");
        List<string[]> read = [[.. rows.Header]];
        while (rows.Read())
        {
            read.Add([.. Enumerable.Range(0, rows.CellCount).Select(column => rows.Cell(column).ToString())]);
        }
        return read;
    }

    private string Write(string query, string options)
    {
        var path = folder.File($"{Guid.NewGuid():N}.parquet");
        using var duck = new DuckDBConnection("DataSource=:memory:");
        duck.Open();
        using var command = duck.CreateCommand();
#pragma warning disable CA2100 // The test's own text.
        command.CommandText = $"copy ({query}) to '{path}' (format parquet, {options})";
#pragma warning restore CA2100
        command.ExecuteNonQuery();
        return path;
    }
}
