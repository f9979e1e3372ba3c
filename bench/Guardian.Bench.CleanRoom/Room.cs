using Guardian.CleanRoom.Base;
using Guardian.CleanRoom.Contract;
using Guardian.CleanRoom.Data;
using Guardian.CleanRoom.Keys;
using Guardian.CleanRoom.Layout;
using Guardian.CleanRoom.Matching;
using Guardian.Refusals;

namespace Guardian.Bench.CleanRoom;

/// <summary>A room of two data sets, and encrypted uploads as partners send them.</summary>
internal sealed class Room : IDisposable
{
    private readonly string directory;
    private readonly RoomKeys keys;
    private readonly Dictionary<string, string> digests = [];
    private readonly Dictionary<string, UploadStore> stores;

    public Room(string directory, int rows, WorkingSet workingSet)
    {
        this.directory = directory;
        Contract = ReadContract(rows);
        Layout = RoomLayout.For(Contract);
        keys = new RoomKeys(new byte[RoomKeys.KeySize], Contract.Hash.Span);
        Directory.CreateDirectory(directory);
        var table = VersionTable.Open(Contract, keys, new MemoryTag(), directory, isNew: true);
        stores = Contract.DataSets.ToDictionary(
            dataSet => dataSet.Name, dataSet => UploadStore.Open(Contract, dataSet, Layout, keys, table, workingSet, directory));
    }

    public RoomContract Contract { get; }

    public RoomLayout Layout { get; }

    /// <summary>Bytes of both data sets, padded and decrypted.</summary>
    public long Size => Contract.DataSets.Sum(dataSet => (long)Layout.GroupSize(dataSet) * Layout.GroupCount);

    /// <summary>Sorts, pads and encrypts a table to a complete upload, as the partner sends it.</summary>
    public void Upload(string name, Table table)
    {
        var dataSet = Contract.FindDataSet(name)!;
        var order = Enumerable.Range(0, table.High.Length).ToArray();
        var sorted = (ulong[])table.High.Clone();
        Array.Sort(sorted, order);
        var starts = new int[Layout.BucketCount + 1];
        for (var (bucket, row) = (0, 0); bucket < Layout.BucketCount; bucket++)
        {
            while (row < sorted.Length && Layout.BucketOf(sorted[row]) == bucket)
            {
                row++;
            }
            starts[bucket + 1] = row;
        }
        var digest = new VersionDigest(Layout.GroupCount);
        ForGroups(dataSet, table, order, starts, (group, plaintext) => digest.Add(group, plaintext));
        var content = digest.Complete();
        digests[name] = Convert.ToHexStringLower(content);
        using var file = File.OpenHandle(WirePath(name), FileMode.Create, FileAccess.Write);
        using var cipher = new ChunkCipher(keys.UploadSecret(name), Contract, dataSet, content);
        ForGroups(dataSet, table, order, starts, (group, plaintext) =>
        {
            var chunk = cipher.Encrypt(group, plaintext);
            RandomAccess.Write(file, chunk, (long)group * chunk.Length);
        });
    }

    /// <summary>Takes the chunks in: the enclave decrypts, checks, encrypts and stores each, and syncs it to disk.</summary>
    public void Receive()
    {
        foreach (var dataSet in Contract.DataSets)
        {
            var (store, digest) = (stores[dataSet.Name], digests[dataSet.Name]);
            if (store.Current is not null)
            {
                Require(store.Delete(_ => { }));
            }
            var state = Require(store.Begin(new UploadRequest(digest, dataSet.MaxRows)));
            using var file = File.OpenRead(WirePath(dataSet.Name));
            var chunk = new byte[Layout.GroupSize(dataSet) + ChunkCipher.TagSize];
            while (state.NextChunk < state.ChunkCount)
            {
                file.ReadExactly(chunk);
                state = Require(store.PutChunk(digest, state.NextChunk, chunk));
            }
        }
    }

    /// <summary>
    /// Makes versions from the chunks that <see cref="Receive"/> stored: decrypts, checks, digests, encrypts, syncs to disk.
    /// </summary>
    public void Ingest()
    {
        foreach (var dataSet in Contract.DataSets)
        {
            Require(stores[dataSet.Name].Commit(digests[dataSet.Name], _ => null, _ => { }));
        }
    }

    public long Count(int threads, params IReadOnlyList<CodeCondition>[] where) => Engine(threads).CountCells(Sides(where), 1)[0];

    public long Filter(int threads) => Count(threads, [new CodeRanges(0, [(4, 4)])], [new CodeRanges(1, [(8, 8)])]);

    public long[] Crosstab(int threads)
    {
        var sides = Sides([]);
        return Engine(threads).CountCells(
            [sides[0] with { Cells = [new CellPart(0, 10)] }, sides[1] with { Cells = [new CellPart(0, 1)] }], 100);
    }

    /// <summary>Sums one column and its square by cells of columns of both sides.</summary>
    /// <param name="cells">10, 100 or 1,000.</param>
    public long Sums(int threads, int cells = 10)
    {
        var sides = Sides([]);
        var first = cells == 1_000 ? new CellPart(1, 10) : new CellPart(0, cells == 100 ? 10 : 1);
        SidePlan[] plans = [sides[0] with { Cells = [first] }, cells == 10 ? sides[1] : sides[1] with { Cells = [new CellPart(0, 1)] }];
        return Engine(threads).SumCells(plans, cells, new SumPlan([new Measure(1, 1)], [])).Sum(cell => cell.Measures[0].Sum);
    }

    public void Dispose()
    {
        foreach (var store in stores.Values)
        {
            store.Dispose();
        }
        keys.Dispose();
    }

    private static T Require<T>(Outcome<T> outcome) where T : class =>
        outcome.Value ?? throw new InvalidOperationException(outcome.Refusal!.Detail);

    private string WirePath(string name) => Path.Combine(directory, $"{name}.wire");

    private MatchEngine Engine(int threads) => new(Layout, threads);

    private List<SidePlan> Sides(IReadOnlyList<CodeCondition>[] where) =>
    [
        .. Contract.DataSets.Select((dataSet, index) => new SidePlan(
            stores[dataSet.Name].Current!.Source, index < where.Length ? where[index] : [], [])),
    ];

    private delegate void GroupAction(int group, ReadOnlySpan<byte> plaintext);

    private void ForGroups(DataSet dataSet, Table table, int[] order, int[] starts, GroupAction action) =>
        Parallel.ForEach(new GroupRange(0, Layout.GroupCount).Split(Environment.ProcessorCount), share =>
        {
            var writer = new GroupWriter(Layout, dataSet);
            Span<uint> codes = stackalloc uint[2];
            for (var group = share.First; group < share.End; group++)
            {
                writer.Begin(group);
                for (var bucket = 0; bucket < RoomLayout.BucketsPerGroup; bucket++)
                {
                    var start = starts[(group * RoomLayout.BucketsPerGroup) + bucket];
                    for (var i = start; i < starts[(group * RoomLayout.BucketsPerGroup) + bucket + 1]; i++)
                    {
                        var row = order[i];
                        (codes[0], codes[1]) = (table.One[row] + 1u, table.Two[row] + 1u);
                        writer.Write(bucket, i - start, new Tag(table.High[row], table.Low[row]), codes);
                    }
                }
                action(group, writer.Plaintext.Span);
            }
        });

    private static RoomContract ReadContract(int rows) => BenchContract.Read("    identifier: {kind: customer_id, column: id}\n", rows);

    // Costs nothing, unlike a call to a CAS.
    private sealed class MemoryTag : IRoomTag
    {
        private byte[]? value;

        public byte[]? Read() => value;

        public bool TryMove(byte[]? expected, byte[] next)
        {
            value = next;
            return true;
        }
    }
}
