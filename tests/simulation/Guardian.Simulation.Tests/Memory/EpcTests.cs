using Guardian.Sgx;
using Guardian.Sgx.Measurement;
using Guardian.Simulation.Memory;

namespace Guardian.Simulation.Tests.Memory;

public sealed class EpcTests : IDisposable
{
    private const int PageSize = 4096;
    private const PageFlags Data = PageFlags.Regular | PageFlags.Read | PageFlags.Write;

    private readonly Epc epc = new(64 * PageSize);

    public void Dispose() => epc.Dispose();

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Enclaves_larger_than_the_epc_keep_what_they_wrote(int seed)
    {
        var random = new Random(seed);
        var enclaves = new[] { Fill(80), Fill(40), Fill(3) };
        var expected = enclaves.Select((_, number) => new byte[new[] { 80, 40, 3 }[number] * PageSize]).ToArray();
        for (var round = 0; round < 4_000; round++)
        {
            var number = random.Next(3);
            var offset = random.Next(expected[number].Length);
            var size = random.Next(Math.Min(expected[number].Length - offset, 3 * PageSize));
            if (random.Next(2) == 0)
            {
                var content = new byte[size];
                random.NextBytes(content);
                content.CopyTo(expected[number], offset);
                epc.Write(enclaves[number], (ulong)offset, content);
            }
            else
            {
                var found = new byte[size];
                epc.Read(enclaves[number], (ulong)offset, found);
                Assert.True(expected[number].AsSpan(offset, size).SequenceEqual(found), $"seed {seed}, round {round}");
            }
            var counters = epc.Counters;
            Assert.Equal(counters.Total, counters.Free + counters.Allocated);
            Assert.Equal(counters.Evicted - counters.LoadedBack, epc.MainMemory.Count);
        }
        Assert.True(epc.Counters.Evicted > 100);
        Assert.True(epc.Counters.MarkedOld >= epc.Counters.Evicted);
        foreach (var enclave in enclaves)
        {
            epc.Remove(enclave);
        }
        Assert.Equal((64, 0), (epc.Counters.Free, epc.MainMemory.Count));
    }

    [Fact]
    public void An_evicted_page_is_ciphertext_and_any_change_to_it_is_detected()
    {
        var enclave = Fill(100);
        epc.Write(enclave, 0, "in the clear"u8);
        Touch(enclave, 1, 100);
        var key = epc.MainMemory.Keys.Single(place => place.Offset == 0);
        var outside = epc.MainMemory[key];
        Assert.Equal(-1, outside.Ciphertext.AsSpan().IndexOf("in the clear"u8));
        outside.Ciphertext[17] ^= 1;
        Assert.Equal(EpcFault.Integrity, Assert.Throws<EpcException>(() => Touch(enclave, 0, 1)).Fault);
        outside.Ciphertext[17] ^= 1;
        outside.Tag[0] ^= 1;
        Assert.Equal(EpcFault.Integrity, Assert.Throws<EpcException>(() => Touch(enclave, 0, 1)).Fault);
        outside.Tag[0] ^= 1;
        Touch(enclave, 0, 1);
    }

    [Fact]
    public void A_page_cannot_be_exchanged_replayed_or_withheld()
    {
        var enclave = Fill(100);
        Touch(enclave, 1, 100);
        var first = epc.MainMemory.Keys.First(place => place.Offset == 0);
        var old = epc.MainMemory[first];
        epc.Write(enclave, 0, "newer"u8);
        Touch(enclave, 1, 100);
        var newer = epc.MainMemory[first];
        epc.MainMemory[first] = old;
        Assert.Equal(EpcFault.Integrity, Assert.Throws<EpcException>(() => Touch(enclave, 0, 1)).Fault);
        var other = epc.MainMemory.Keys.First(place => place.Offset != 0);
        epc.MainMemory[first] = epc.MainMemory[other];
        Assert.Equal(EpcFault.Integrity, Assert.Throws<EpcException>(() => Touch(enclave, 0, 1)).Fault);
        epc.MainMemory.Remove(first);
        Assert.Equal(EpcFault.Integrity, Assert.Throws<EpcException>(() => Touch(enclave, 0, 1)).Fault);
        epc.MainMemory[first] = newer;
        var found = new byte[5];
        epc.Read(enclave, 0, found);
        Assert.Equal("newer"u8, found);
    }

    [Fact]
    public void A_page_that_was_not_added_cannot_be_touched()
    {
        var enclave = Fill(2);
        Assert.Equal(EpcFault.NotMapped, Assert.Throws<EpcException>(() => Touch(enclave, 2, 3)).Fault);
        epc.Remove(enclave);
        Assert.Equal(EpcFault.Removed, Assert.Throws<EpcException>(() => Touch(enclave, 0, 1)).Fault);
        Assert.Throws<ArgumentOutOfRangeException>(() => epc.AddPage(epc.CreateEnclave(), 1, Data, []));
    }

    [Fact]
    public void An_epc_full_of_pages_that_cannot_leave_faults()
    {
        var failure = Assert.Throws<EpcException>(() =>
        {
            for (var i = 0; i < 100; i++)
            {
                epc.CreateEnclave();
            }
        });
        Assert.Equal(EpcFault.OutOfMemory, failure.Fault);
        Assert.Contains("64 EPC pages", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Permissions_of_a_page_hold()
    {
        var enclave = epc.CreateEnclave();
        epc.AddPage(enclave, 0, PageFlags.Regular | PageFlags.Read, "code"u8);
        Assert.Equal(EpcFault.Permission, Assert.Throws<EpcException>(() => epc.Write(enclave, 0, "x"u8)).Fault);
    }

    private EpcEnclave Fill(int pages)
    {
        var enclave = epc.CreateEnclave();
        for (var page = 0; page < pages; page++)
        {
            epc.AddPage(enclave, (ulong)page * PageSize, Data, []);
        }
        return enclave;
    }

    private void Touch(EpcEnclave enclave, int from, int to)
    {
        for (var page = from; page < to; page++)
        {
            epc.Read(enclave, (ulong)page * PageSize, new byte[1]);
        }
    }
}
