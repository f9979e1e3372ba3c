using Guardian.Cas.Client.Audit;
using Guardian.Cas.Client.Protocol;
using Guardian.Cas.Doctor;
using Guardian.Cas.Host;
using Guardian.Cas.Store;
using Guardian.Simulation;
using Microsoft.Data.Sqlite;

namespace Guardian.Cas.Tests.Store;

/// <summary>
/// The host edits rows, and a start, a running CAS and the doctor name each edit. A naive CAS, which trusts its head and the rows that the
/// head's digest stands for, serves after most of them.
/// </summary>
public sealed class SilentEditTests : IDisposable
{
    private const string Line = "printf('%016d', ";

    private readonly TestCas cas = new();

    public void Dispose() => cas.Dispose();

    /// <summary>SQL, what the CAS says, and whether the naive CAS serves.</summary>
    public static TheoryData<string, string, bool> Edits => new()
    {
        // cases/cas/silent-store-edits.sh, and its variants.
        { "DELETE FROM rows WHERE kind = 'log'; DELETE FROM rows WHERE kind = 'recovery'", "recovery|entry 1 is missing", true },
        { "DELETE FROM rows WHERE kind = 'log'", "entry 1 is missing", true },
        { $"DELETE FROM rows WHERE kind = 'log' AND name = {Line}1)", "entry 1 is missing", true },
        { $"DELETE FROM rows WHERE kind = 'log' AND name = {Line}3)", "entry 3 is missing", true },
        { "DELETE FROM rows WHERE kind = 'log' AND name = (SELECT max(name) FROM rows WHERE kind = 'log')", "entry 7 is missing", true },
        { $"DELETE FROM rows WHERE kind = 'log' AND name BETWEEN {Line}2) AND {Line}5)", "entry 2 is missing", true },
        { $"UPDATE rows SET name = 'x' WHERE name = {Line}2); UPDATE rows SET name = {Line}2) WHERE name = {Line}3); "
            + $"UPDATE rows SET name = {Line}3) WHERE name = 'x'", "entry 2 was exchanged", true },
        { $"UPDATE rows SET value = (SELECT value FROM rows WHERE name = {Line}2)) WHERE name = {Line}4)", "entry 4 was exchanged", true },
        { $"UPDATE rows SET value = CAST(substr(value, 1, 40) || 'A' || substr(value, 42) AS BLOB) WHERE name = {Line}3)", "entry 3",
        true },
        { $"UPDATE rows SET value = CAST(value || 'A' AS BLOB) WHERE name = {Line}7)", "entry 7", true },
        { $"UPDATE rows SET value = x'' WHERE name = {Line}5)", "entry 5", true },
        { $"INSERT INTO rows SELECT kind, {Line}8), value FROM rows WHERE name = {Line}7)", "ends with entry 7, but a row '", true },
        { $"INSERT INTO rows SELECT kind, name || 'x', value FROM rows WHERE name = {Line}2)", "entry 3 is missing, and a row '", true },
        { "INSERT INTO rows VALUES ('log', '', x'00')", "a row '' of the kind 'log' was added", true },
        { "DELETE FROM rows WHERE kind = 'recovery'", "shares of the key (the row of the kind 'recovery') were removed", true },
        { "UPDATE rows SET value = CAST('{}' AS BLOB) WHERE kind = 'recovery'", "are not those that the CAS dealt", true },
        { "INSERT INTO rows SELECT kind, 'copy', value FROM rows WHERE kind = 'recovery'", "a row 'copy' of the kind 'recovery'", true },
        { "INSERT INTO rows SELECT kind, 'copy', value FROM rows WHERE kind = 'head'", "a row 'copy' of the kind 'head'", true },
        { "INSERT INTO rows VALUES ('other', 'x', x'00')", "rows of the kind 'other'", true },
        { "INSERT INTO rows VALUES ('session', '', x'00')", "a row '' of the kind 'session'", true },
        { "DELETE FROM rows WHERE kind = 'head'", "head", false },
        { "DELETE FROM rows WHERE kind = 'head' OR kind = 'session'", "head", false },
        { "DELETE FROM rows WHERE kind <> 'recovery'", "head", false },
        { "DELETE FROM rows WHERE name = 'shop'", "session 'shop' was removed", false },
        { "INSERT INTO rows SELECT kind, 'new', value FROM rows WHERE name = 'shop'", "session 'new' was a", false },
        { "UPDATE rows SET value = x'00' WHERE name = 'other'", "session 'other' was altered", false },
    };

    [Theory]
    [MemberData(nameof(Edits))]
    public async Task A_start_names_each_edit(string edit, string expected, bool isNaiveFooled)
    {
        await FillAsync();
        Edit(edit);
        Assert.Equal(isNaiveFooled, NaiveServes());
        AssertNamed(expected, Assert.Throws<InvalidDataException>(() => cas.Reopen()).Message);
        // A machine that has no verified state yet, such as one that got the key for a backup.
        var place = expected.Split('|')[^1].Replace("was exchanged", "", StringComparison.Ordinal).Split(',')[0];
        AssertNamed($"{place}|{place.Replace("entry", "line", StringComparison.Ordinal)}",
            Assert.Throws<InvalidDataException>(() => OpenWithoutMemory().Dispose()).Message);
    }

    [Theory]
    [MemberData(nameof(Edits))]
    public async Task A_running_cas_names_each_edit_and_serves_again_when_it_is_undone(string edit, string expected, bool isNaiveFooled)
    {
        await FillAsync(isStopped: false);
        _ = isNaiveFooled;
        Execute("CREATE TABLE before AS SELECT * FROM rows");
        Edit(edit);
        var found = await FindAsync();
        AssertNamed(expected, found);
        var refused = await Assert.ThrowsAsync<InvalidDataException>(() => cas.Sessions.ReadAsync("other", TestCas.Alice));
        Assert.DoesNotContain("shop", refused.Message, StringComparison.Ordinal);
        Execute("DELETE FROM rows; INSERT INTO rows SELECT * FROM before");
        Assert.Equal("", await FindAsync());
        Assert.NotNull((await cas.Sessions.ReadAsync("shop", TestCas.Alice)).Value);
    }

    [Theory]
    [MemberData(nameof(Edits))]
    public async Task The_doctor_names_each_edit(string edit, string expected, bool isNaiveFooled)
    {
        await FillAsync();
        Assert.True(Examine(hasKey: true).Healthy);
        Assert.True(Examine(hasKey: false).Healthy);
        Edit(edit);
        var report = Examine(hasKey: true);
        Assert.False(report.Healthy);
        Assert.Contains(report.Checks, check => check.Result == CheckResult.Failed && check.Advice is null or { Length: > 0 });
        // Without the key, everything but the rows and the end of the log is checked.
        var seesRowsOnly = !isNaiveFooled && !expected.StartsWith("head", StringComparison.Ordinal);
        var isEndOnly = edit.Contains("max(name)", StringComparison.Ordinal);
        Assert.Equal(seesRowsOnly || isEndOnly, Examine(hasKey: false).Healthy);
        Assert.Contains(Examine(hasKey: false).Checks, check => check is { Name: "rows", Result: CheckResult.NotChecked });
    }

    [Fact]
    public async Task An_emptied_database_is_named_by_start_and_doctor()
    {
        await FillAsync();
        Execute("DELETE FROM rows");
        Assert.Contains("restore the database", Assert.Throws<InvalidDataException>(() => cas.Reopen()).Message, StringComparison.Ordinal);
        Assert.Contains("empty", Assert.Single(Examine(hasKey: true).Checks).Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_older_database_is_refused_unless_the_key_file_is_as_old_and_then_only_a_witness_knows()
    {
        await FillAsync(isStopped: false);
        var file = Assert.Single(Directory.GetFiles(cas.Folder, "*.sealed"));
        cas.Vault.Dispose();
        var oldKey = await File.ReadAllBytesAsync(file, TestContext.Current.CancellationToken);
        Execute("CREATE TABLE before AS SELECT * FROM rows");
        cas.Reopen();
        await cas.CreateAsync(TestCas.Session.Replace("name: shop", "name: later", StringComparison.Ordinal));
        cas.Vault.Dispose();

        Execute("DELETE FROM rows; INSERT INTO rows SELECT * FROM before");
        var refused = Assert.Throws<InvalidDataException>(() => cas.Reopen());
        Assert.Contains("older copy", refused.Message, StringComparison.Ordinal);
        Assert.Contains("--restored", refused.Message, StringComparison.Ordinal);
        Assert.Contains(Examine(hasKey: true).Checks, check => check is { Name: "freshness", Result: CheckResult.Failed });

        // Another CAS continued the copy: as many entries, and others.
        using (var elsewhere = OpenWithoutMemory())
        {
            await elsewhere.RunAsync(transaction =>
            {
                transaction.Audit("kept", "cas", "test");
                transaction.Audit("kept", "cas", "test");
                return true;
            });
        }
        Assert.Contains("older copy", Assert.Throws<InvalidDataException>(() => cas.Reopen()).Message, StringComparison.Ordinal);

        // The file put back with it: the CAS cannot know. WitnessTests show that a witness does.
        Execute("DELETE FROM rows; INSERT INTO rows SELECT * FROM before");
        await File.WriteAllBytesAsync(file, oldKey, TestContext.Current.CancellationToken);
        cas.Reopen();
        Assert.Null((await cas.Sessions.ReadAsync("later", TestCas.Alice)).Value);
    }

    [Fact]
    public async Task Every_row_that_is_removed_flipped_or_exchanged_is_refused_at_the_next_start()
    {
        var rows = new MemoryRowStore();
        AuditState known;
        using (var vault = TestCas.Open(rows))
        {
            var services = new CasServices(vault, SimulatedPlatforms.Verifier, new TestTime());
            await services.Sessions.CreateAsync(TestCas.Utf8(TestCas.Session), TestCas.Alice).ValueAsync();
        }
        using (var vault = TestCas.Open(rows))
        {
            known = vault.Log;
        }
        var good = rows.Copy();
        var random = new Random(15);
        foreach (var row in good.Keys)
        {
            AssertRefused(row, null);
            AssertRefused(row, [.. good[row], 0]);
            for (var round = 0; round < 10; round++)
            {
                var place = random.Next(good[row].Length);
                AssertRefused(row, [.. good[row].Select((value, index) => index == place ? (byte)(value ^ 1) : value)]);
            }
            foreach (var other in good.Keys.Where(other => other != row))
            {
                AssertRefused(row, good[other]);
            }
        }

        void AssertRefused((string Kind, string Name) row, byte[]? value)
        {
            foreach (var memory in new[] { null, known })
            {
                var changed = new MemoryRowStore(good);
                changed.Set(row, value);
                Assert.ThrowsAny<InvalidDataException>(() => Vault.Open(
                    changed, new HeldKey(new StoreKey(new byte[32]), KeyOrigin.Made, 1, known.Log, memory), TestCas.NewAuditKey(),
                    TestCas.Rules, new TestTime()).Dispose());
            }
        }
    }

    [Fact]
    public async Task Replicas_that_write_while_they_check_cause_no_alarm()
    {
        var rows = new MemoryRowStore();
        using var one = TestCas.Open(rows);
        using var other = TestCas.Open(rows);
        var random = new Random(5);
        var names = new List<string>();
        while (Math.Min(one.Passes, other.Passes) < 20)
        {
            var vault = random.Next(2) == 0 ? one : other;
            switch (random.Next(4))
            {
                case 0:
                    await PutAsync(vault, $"row-{random.Next(40)}", random.Next(3) == 0 ? null : [(byte)random.Next(256)]);
                    break;
                case 1:
                    await vault.ProbeAsync();
                    break;
                default:
                    await vault.CheckAsync();
                    break;
            }
            Assert.Null(vault.Damage);
        }
    }

    private static Task<bool> PutAsync(Vault vault, string name, byte[]? value) => vault.RunAsync(transaction =>
    {
        if (value is null)
        {
            transaction.Delete("tag", name);
        }
        else
        {
            transaction.Put("tag", name, value, value);
        }
        transaction.Audit("tag-moved", name, "test");
        return true;
    });

    private static void AssertNamed(string expected, string found) =>
        Assert.True(expected.Split('|').Any(part => found.Contains(part, StringComparison.Ordinal)), $"'{expected}' is not in '{found}'");

    // 7 entries: started, shop, tag, other, updated twice, and started again.
    private async Task FillAsync(bool isStopped = true)
    {
        await cas.CreateAsync(TestCas.Session);
        await PutAsync(cas.Vault, "shop\nx", [1]);
        await cas.CreateAsync(TestCas.Session.Replace("name: shop", "name: other", StringComparison.Ordinal));
        var next = $"predecessor: {TestCas.Hash(TestCas.Session)}\n{TestCas.Session}";
        await cas.UpdateAsync("shop", next);
        await cas.UpdateAsync("shop", $"predecessor: {TestCas.Hash(next)}\n{TestCas.Session}");
        cas.Reopen();
        if (isStopped)
        {
            cas.Vault.Dispose();
        }
    }

    // Until a pass has seen the whole store.
    private async Task<string> FindAsync()
    {
        try
        {
            while (!await cas.Vault.CheckAsync())
            {
            }
            return cas.Vault.Damage?.Detail ?? "";
        }
        catch (InvalidDataException failure)
        {
            return failure.Message;
        }
    }

    private Vault OpenWithoutMemory()
    {
        var rows = OpenRows();
        return Vault.Open(
            rows, FindKey()! with { Known = null }, TestCas.NewAuditKey(), TestCas.Rules, cas.Time);
    }

    private HeldKey? FindKey()
    {
        using var rows = OpenRows();
        using var transaction = rows.Begin();
        return new KeyFile(cas.Folder, TestCas.Cas).Find(transaction.Find("head", ""));
    }

    private DoctorReport Examine(bool hasKey)
    {
        using var rows = SqliteRowStore.OpenToRead(Path.Combine(cas.Folder, "cas.sqlite"));
        var key = hasKey ? FindKey() : null;
        using (key?.Key)
        {
            return new StoreDoctor(rows, key, key is null ? "the test has none" : null, TestCas.Rules, cas.Time).Examine();
        }
    }

    // As before: the head is genuine, and its digest is that of the rows.
    private bool NaiveServes()
    {
        using var key = FindKey()!.Key;
        using var rows = OpenRows();
        using var transaction = rows.Begin();
        if (transaction.Find("head", "") is not { } head)
        {
            return false;
        }
        var state = new byte[StoreKey.DigestSize];
        foreach (var kind in VaultTransaction.Kinds)
        {
            foreach (var (name, value) in StoreReader.ReadRows(transaction, kind, ""))
            {
                StoreReader.Mix(state, key.Digest(kind, name, value));
            }
        }
        return state.AsSpan().SequenceEqual(new StoreReader(key, TestCas.Rules, cas.Time).ReadHead(head).State);
    }

    private SqliteRowStore OpenRows() => SqliteRowStore.Open(Path.Combine(cas.Folder, "cas.sqlite"));

    private void Edit(string sql) => Assert.True(Execute(sql) > 0, "the edit changes nothing");

    private int Execute(string sql)
    {
        using var connection = new SqliteConnection($"Data Source={Path.Combine(cas.Folder, "cas.sqlite")};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        return command.ExecuteNonQuery();
    }
}
