using System.Text;
using Guardian.Sgx;
using Microsoft.Data.Sqlite;

namespace Guardian.Cas.Tests;

public sealed class SessionStoreTests : IDisposable
{
    private readonly TestCas cas = new();

    public void Dispose() => cas.Dispose();

    [Fact]
    public void Nothing_but_names_is_readable_on_disk()
    {
        cas.Service.Create(TestCas.Utf8(TestCas.Session.Replace("size: 12", "value: correct-horse", StringComparison.Ordinal)), TestCas.Alice);
        cas.Store.Dispose();
        var bytes = Directory.GetFiles(cas.Folder).SelectMany(File.ReadAllBytes).ToArray();
        Assert.True(bytes.AsSpan().IndexOf("shop"u8) >= 0);
        foreach (var secret in new[] { "correct-horse", "GREETING", "services", TestCas.Program.Identity.MrEnclave.ToString() })
        {
            Assert.Equal(-1, bytes.AsSpan().IndexOf(Encoding.UTF8.GetBytes(secret)));
        }
    }

    [Fact]
    public void Altered_and_exchanged_rows_are_noticed()
    {
        cas.Service.Create(TestCas.Utf8(TestCas.Session), TestCas.Alice);
        cas.Service.Create(TestCas.Utf8(TestCas.Session.Replace("name: shop", "name: other", StringComparison.Ordinal)), TestCas.Alice);
        Execute("UPDATE sessions SET value = (SELECT value FROM sessions WHERE name = 'other') WHERE name = 'shop'");
        Assert.Contains("'shop' was altered", Assert.Throws<InvalidDataException>(() => cas.Service.Read("shop", TestCas.Alice)).Message, StringComparison.Ordinal);
        Execute("UPDATE sessions SET value = x'00' WHERE name = 'shop'");
        Assert.Throws<InvalidDataException>(() => cas.Service.Read("shop", TestCas.Alice));
        Execute("UPDATE sessions SET value = CAST(substr(value, 1, 40) || x'FF' || substr(value, 42) AS BLOB) WHERE name = 'other'");
        Assert.Throws<InvalidDataException>(() => cas.Service.Read("other", TestCas.Alice));
    }

    [Fact]
    public void A_later_version_of_the_same_product_opens_the_store_and_nobody_else_does()
    {
        cas.Service.Create(TestCas.Utf8(TestCas.Session), TestCas.Alice);
        using var later = TestCas.Launch(101, isvSvn: 9);
        cas.Reopen(later);
        Assert.Equal("shop", cas.Service.Read("shop", TestCas.Alice).Name);
        cas.Reopen();

        using var elsewhere = new TemporaryFolder();
        using var platform = SimulatedPlatform.Open(elsewhere.Path, 1024 * 1024);
        using var signer = EnclaveSigner.Create();
        var image = EnclaveImage.FromBytes(new byte[] { 100 });
        using var stranger = platform.Launch(image, signer.Sign(image.Measure(), 1, 3, new EnclaveAttributes(AttributeFlags.Mode64Bit, 3), new DateOnly(2026, 1, 1)));
        Assert.Contains("database-key.sealed", Assert.Throws<InvalidDataException>(() => SessionStore.Open(cas.Folder, stranger)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_that_is_no_database_is_explained()
    {
        using var folder = new TemporaryFolder();
        folder.Write("cas.sqlite", new string('x', 5_000));
        Assert.Contains("cas.sqlite", Assert.Throws<InvalidDataException>(() => SessionStore.Open(folder.Path, TestCas.Cas)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Changes_from_many_threads_all_count()
    {
        Parallel.For(0, 40, i => cas.Service.Create(TestCas.Utf8(TestCas.Session.Replace("name: shop", $"name: shop{i}", StringComparison.Ordinal)), TestCas.Alice));
        cas.Reopen();
        Assert.All(Enumerable.Range(0, 40), i => Assert.NotNull(cas.Service.Read($"shop{i}", TestCas.Alice)));
    }

    private void Execute(string sql)
    {
        using var connection = new SqliteConnection($"Data Source={Path.Combine(cas.Folder, "cas.sqlite")};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        Assert.Equal(1, command.ExecuteNonQuery());
    }
}
