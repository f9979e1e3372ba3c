using Guardian.Cas.Doctor;
using Guardian.Cas.Host;
using Guardian.Cas.Store;
using Microsoft.Data.Sqlite;

namespace Guardian.Cas.Tests.Store;

/// <summary>
/// The host makes the table anew, so that it takes values that no CAS writes. A naive CAS ends its checks at the first one, and looks at no
/// row any more.
/// </summary>
public sealed class ForeignTableTests : IDisposable
{
    private readonly TestCas cas = new();

    private string Database => Path.Combine(cas.Folder, "cas.sqlite");

    public void Dispose() => cas.Dispose();

    [Theory]
    [InlineData("UPDATE rows SET value = NULL WHERE kind = 'head'")]
    [InlineData("UPDATE rows SET value = 7 WHERE kind = 'head'")]
    [InlineData("UPDATE rows SET value = NULL WHERE kind = 'log'")]
    [InlineData("UPDATE rows SET value = NULL WHERE kind = 'session'")]
    [InlineData("UPDATE rows SET value = 'text' WHERE kind = 'session'")]
    [InlineData("UPDATE rows SET value = 7.5 WHERE kind = 'recovery'")]
    [InlineData("UPDATE rows SET name = CAST(name AS BLOB) WHERE kind = 'session'")]
    [InlineData("INSERT INTO rows VALUES (x'ff', 'a', x'00')")]
    public async Task Values_of_other_types_are_named_and_the_watch_goes_on(string edit)
    {
        await cas.CreateAsync(TestCas.Session);
        cas.Reopen();
        await using (var watch = new StoreWatch(cas.Vault, _ => { }))
        {
            await WaitAsync(watch, "ready");
            Execute("ALTER TABLE rows RENAME TO before; CREATE TABLE rows (kind, name, value); INSERT INTO rows SELECT * FROM before");
            Execute(edit);
            await WaitAsync(watch, "damaged");
            await Assert.ThrowsAsync<InvalidDataException>(() => cas.Sessions.ReadAsync("shop", TestCas.Alice));
            Execute("ALTER TABLE rows RENAME TO foreign_rows; ALTER TABLE before RENAME TO rows");
            await WaitAsync(watch, "ready");
        }
        Execute("DROP TABLE rows; ALTER TABLE foreign_rows RENAME TO rows");
        Assert.Throws<InvalidDataException>(() => cas.Reopen());
        using var rows = SqliteRowStore.OpenToRead(Database);
        var report = new StoreDoctor(rows, key: null, "the test has none", TestCas.Rules, cas.Time).Examine();
        Assert.False(report.Healthy);
    }

    private static async Task WaitAsync(StoreWatch watch, string word)
    {
        for (var i = 0; watch.Read() != word; i++)
        {
            Assert.True(i < 1200, $"it is {watch.Read()}, not {word}");
            await Task.Delay(50, TestContext.Current.CancellationToken);
        }
    }

    private void Execute(string sql)
    {
        using var connection = new SqliteConnection($"Data Source={Database};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }
}
