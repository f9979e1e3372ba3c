using System.Text;
using Guardian.Cas.Client.Audit;
using Guardian.Cas.Store;

namespace Guardian.Cas.Tests.Store;

/// <summary>The ordered index of rows, and the short way through a log, give the same as the long ways.</summary>
public sealed class RowIndexTests
{
    [Fact]
    public async Task Changes_of_a_batch_and_rows_of_the_store_are_one_order()
    {
        using var vault = TestCas.Open(new MemoryRowStore());
        await vault.RunAsync(transaction => Put(transaction, "a", "b", "b/x", "c", "d"));
        await vault.RunAsync(transaction =>
        {
            Put(transaction, "aa", "b/y", "e");
            transaction.Delete("tag", "b/x");
            transaction.Delete("tag", "e");
            transaction.Delete("tag", "nothing");
            Assert.Equal(["a", "aa", "b", "b/y", "c", "d"], transaction.ListNames("tag", ""));
            Assert.Equal(["b", "b/y"], transaction.ListNames("tag", "b"));
            Assert.Empty(transaction.ListNames("tag", "f"));
            Assert.Empty(transaction.ListNames("session", ""));
            Assert.Equal(6, transaction.Count("tag"));
            transaction.Audit("test", "rows", "test");
            return true;
        });
        Assert.Equal(6, await vault.RunAsync(transaction => transaction.Count("tag")));
        Assert.Equal("b/y", await vault.RunAsync(transaction => transaction.FindName("tag", "b/", "b")));

        static bool Put(VaultTransaction transaction, params string[] names)
        {
            foreach (var name in names)
            {
                transaction.Put("tag", name, [1], new byte[] { 1 });
            }
            transaction.Audit("test", "rows", "test");
            return true;
        }
    }

    [Fact]
    public async Task Large_rows_are_parsed_outside_the_thread_of_the_store()
    {
        var rows = new MemoryRowStore();
        using (var vault = TestCas.Open(rows))
        {
            await vault.RunAsync(transaction =>
            {
                transaction.Put("tag", "large", new byte[LargeRowException.MinSize], "value");
                transaction.Put("tag", "small", new byte[LargeRowException.MinSize - 1], "value");
                transaction.Audit("test", "rows", "test");
                return true;
            });
        }
        using var opened = TestCas.Open(rows);
        var (parsedInside, attempts, isInside) = (new List<bool>(), 0, false);
        for (var i = 0; i < 2; i++)
        {
            var found = await opened.RunAsync(transaction =>
            {
                (attempts, isInside) = (attempts + 1, true);
                try
                {
                    return transaction.Find("tag", "large", Parse) + transaction.Find("tag", "small", Parse);
                }
                finally
                {
                    isInside = false;
                }
            });
            Assert.Equal("parsedparsed", found);
        }
        Assert.Equal([false, true], parsedInside);
        Assert.Equal(3, attempts);

        string Parse(byte[] row)
        {
            parsedInside.Add(isInside);
            return "parsed";
        }
    }

    [Fact]
    public async Task Plain_lines_are_those_that_change_nobodys_rights()
    {
        using var cas = new TestCas();
        await cas.CreateAsync(TestCas.Session);
        await cas.ConfigureAsync();
        var lines = (await cas.Audit.ReadAsync("0", TestCas.Alice)).Value!.Lines.Select(Encoding.ASCII.GetBytes).ToList();
        var previous = AuditLine.Origin;
        var plain = 0;
        for (var i = 0; i < lines.Count; i++)
        {
            var isPlain = AuditLine.IsPlainSuccessor(lines[i], i + 1, previous);
            Assert.Equal(!AuditLine.TryRead(lines[i])!.Value.Payload.IsAboutTrust, isPlain);
            Assert.False(AuditLine.IsPlainSuccessor(lines[i], i + 2, previous));
            Assert.False(AuditLine.IsPlainSuccessor(lines[i], i + 1, TestCas.Hash("other")));
            Assert.False(AuditLine.IsPlainSuccessor(lines[i].AsSpan(1), i + 1, previous));
            plain += isPlain ? 1 : 0;
            previous = AuditLine.Hash(lines[i]);
        }
        Assert.Equal(lines.Count - 1, plain);
        Assert.False(AuditLine.IsPlainSuccessor([], 1, previous));
        Assert.False(AuditLine.IsPlainSuccessor("e30.x"u8, 1, previous));
        Assert.False(AuditLine.IsPlainSuccessor("!!!.x"u8, 1, previous));
    }
}
