using System.Globalization;
using DuckDB.NET.Data;

namespace Guardian.Bench.CleanRoom;

/// <summary>DuckDB on the same rows in memory: the tool of an analyst who may see all rows.</summary>
internal sealed class DuckDbPeer : IDisposable
{
    private readonly DuckDBConnection connection = new("DataSource=:memory:");
    private readonly string directory;

    public DuckDbPeer(string directory, int threads)
    {
        this.directory = directory;
        connection.Open();
        Run($"SET threads = {threads}");
    }

    public string Version => (string)Scalar("SELECT version()");

    /// <summary>Writes a table to a Parquet file, the format that DuckDB loads fastest.</summary>
    public void Prepare(string name, Table table)
    {
        Run($"CREATE TABLE raw(high UBIGINT, low UBIGINT, one UTINYINT, two UTINYINT)");
        using (var appender = connection.CreateAppender("raw"))
        {
            for (var row = 0; row < table.High.Length; row++)
            {
                appender.CreateRow()
                    .AppendValue(table.High[row]).AppendValue(table.Low[row]).AppendValue(table.One[row]).AppendValue(table.Two[row])
                    .EndRow();
            }
        }
        Run($"COPY raw TO '{Path.Combine(directory, name)}.parquet' (FORMAT parquet)");
        Run("DROP TABLE raw");
    }

    /// <summary>Loads a table again, with a key of 128 bits or of two words.</summary>
    public void Load(string name, bool isWide)
    {
        var key = isWide ? "(high::UHUGEINT << 64) + low::UHUGEINT AS id" : "high, low";
        var file = $"{Path.Combine(directory, name)}.parquet";
        Run($"CREATE OR REPLACE TABLE {name} AS SELECT {key}, one, two FROM read_parquet('{file}')");
    }

    public long Count(bool isWide) => (long)Scalar($"SELECT COUNT(*) FROM a JOIN b {On(isWide)}");

    public long Filter(bool isWide) => (long)Scalar($"SELECT COUNT(*) FROM a JOIN b {On(isWide)} WHERE a.one = 3 AND b.two = 7");

    public long[] Crosstab(bool isWide)
    {
        using var command = connection.CreateCommand();
        command.CommandText = $"SELECT a.one, b.one, COUNT(*) FROM a JOIN b {On(isWide)} GROUP BY ALL";
        using var reader = command.ExecuteReader();
        var cells = new long[100];
        while (reader.Read())
        {
            var (one, two) = (reader.GetValue(0), reader.GetValue(1));
            var cell = (Convert.ToInt32(one, CultureInfo.InvariantCulture) * 10) + Convert.ToInt32(two, CultureInfo.InvariantCulture);
            cells[cell] = reader.GetInt64(2);
        }
        return cells;
    }

    public void Dispose() => connection.Dispose();

    private static string On(bool isWide) => isWide ? "USING (id)" : "USING (high, low)";

    private void Run(string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    private object Scalar(string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        return command.ExecuteScalar()!;
    }
}
