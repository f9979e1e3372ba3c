namespace Guardian.Bench.Volumes;

/// <summary>The work for every contender: the same bytes at the same places.</summary>
internal static class Workloads
{
    private const string File = "file";
    private const string Database = "database";
    private const string Journal = "journal";
    private const int PageSize = 4096;

    /// <summary>Writes all blocks of a file, in order or not, and syncs once.</summary>
    public static void Write(IContender contender, int blockSize, long size, bool isRandom)
    {
        var block = new byte[blockSize];
        new Random(1).NextBytes(block);
        foreach (var index in Order(size / blockSize, isRandom))
        {
            contender.Write(File, index * (long)blockSize, block);
        }
        contender.Sync(File);
    }

    /// <summary>Reads all blocks of a file once, in order or not.</summary>
    public static void Read(IContender contender, int blockSize, long size, bool isRandom)
    {
        var block = new byte[blockSize];
        foreach (var index in Order(size / blockSize, isRandom))
        {
            contender.Read(File, index * (long)blockSize, block);
        }
    }

    /// <summary>Transactions as SQLite writes them: a journal of the old pages, a sync, the new pages, a sync, and the journal is
    /// deleted.</summary>
    public static void Transactions(IContender contender, int count, int pages, long databasePages)
    {
        var random = new Random(2);
        var page = new byte[PageSize];
        for (var transaction = 0; transaction < count; transaction++)
        {
            random.NextBytes(page);
            var places = Enumerable.Range(0, pages).Select(_ => random.NextInt64(databasePages)).ToArray();
            contender.Create(Journal);
            contender.Write(Journal, 0, page.AsSpan(0, 512));
            for (var i = 0; i < pages; i++)
            {
                contender.Read(Database, places[i] * PageSize, page);
                contender.Write(Journal, 512 + (i * (PageSize + 8L)), page);
            }
            contender.Sync(Journal);
            foreach (var place in places)
            {
                contender.Write(Database, place * PageSize, page);
            }
            contender.Sync(Database);
            contender.Delete(Journal);
        }
    }

    /// <summary>Reads the pages of a tree: a few pages often, the others at random.</summary>
    public static void Query(IContender contender, int count, long databasePages)
    {
        var random = new Random(3);
        var page = new byte[PageSize];
        for (var i = 0; i < count; i++)
        {
            contender.Read(Database, random.NextInt64(16) * PageSize, page);
            contender.Read(Database, random.NextInt64(databasePages) * PageSize, page);
        }
    }

    /// <summary>Fills a database page by page within one transaction.</summary>
    public static void Load(IContender contender, long databasePages)
    {
        var page = new byte[PageSize];
        new Random(4).NextBytes(page);
        contender.Create(Database);
        for (var i = 0L; i < databasePages; i++)
        {
            contender.Write(Database, i * PageSize, page);
            // The inner pages of the tree are written many times.
            contender.Write(Database, i / 64 * PageSize, page);
        }
        contender.Sync(Database);
    }

    private static long[] Order(long count, bool isRandom)
    {
        var order = Enumerable.Range(0, (int)count).Select(index => (long)index).ToArray();
        if (isRandom)
        {
            new Random(5).Shuffle(order);
        }
        return order;
    }
}
