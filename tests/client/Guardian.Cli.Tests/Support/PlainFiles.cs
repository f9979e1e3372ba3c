using Microsoft.Data.Sqlite;
using Sylvan.Data.Csv;

namespace Guardian.Cli.Tests.Support;

/// <summary>CSV files as tables of a database that knows nothing of Guardian.</summary>
internal sealed class PlainFiles : IDisposable
{
    private readonly SqliteConnection database = new("Data Source=:memory:");

    /// <param name="names">Each a file <c>NAME.csv</c> in the folder, and a table.</param>
    public PlainFiles(string folder, params string[] names)
    {
        database.Open();
        foreach (var name in names)
        {
            Load(name, Path.Combine(folder, $"{name}.csv"));
        }
    }

    public IReadOnlyList<object[]> Query(string sql)
    {
        using var command = Command(sql);
        using var reader = command.ExecuteReader();
        var rows = new List<object[]>();
        while (reader.Read())
        {
            var row = new object[reader.FieldCount];
            reader.GetValues(row);
            rows.Add(row);
        }
        return rows;
    }

    public void Dispose() => database.Dispose();

    private void Load(string table, string path)
    {
        using var rows = CsvDataReader.Create(path);
        var columns = Enumerable.Range(0, rows.FieldCount).Select(rows.GetName).ToList();
        Query($"CREATE TABLE {table} ({string.Join(", ", columns)})");
        using var transaction = database.BeginTransaction();
        using var insert = Command($"INSERT INTO {table} VALUES ({string.Join(", ", columns.Select(column => "$" + column))})");
        insert.Transaction = transaction;
        while (rows.Read())
        {
            insert.Parameters.Clear();
            for (var i = 0; i < columns.Count; i++)
            {
                insert.Parameters.AddWithValue("$" + columns[i], rows.GetString(i));
            }
            insert.ExecuteNonQuery();
        }
        transaction.Commit();
        Query($"CREATE INDEX {table}_email ON {table} (LOWER(TRIM(email)))");
    }

    private SqliteCommand Command(string sql)
    {
        var command = database.CreateCommand();
        command.CommandText = sql;
        return command;
    }
}
