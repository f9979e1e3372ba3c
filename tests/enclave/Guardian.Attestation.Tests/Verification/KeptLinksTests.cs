using System.Buffers.Binary;
using Guardian.Attestation.Verification;

namespace Guardian.Attestation.Tests.Verification;

public sealed class KeptLinksTests
{
    [Fact]
    public void A_link_is_found_by_all_of_its_bytes_and_no_others()
    {
        using var links = new KeptLinks<Link>();
        var link = links.Add([1, 2, 3], new Link());

        Assert.Same(link, links.Find([1, 2, 3]));
        Assert.Null(links.Find([1, 2]));
        Assert.Null(links.Find([1, 2, 3, 0]));
        Assert.Null(links.Find([1, 2, 2]));
    }

    [Fact]
    public void A_peer_that_invents_links_fills_no_memory()
    {
        using var links = new KeptLinks<Link>();
        var all = new List<Link>();
        var bytes = new byte[60_000];
        for (var number = 0; number < 1_000; number++)
        {
            BinaryPrimitives.WriteInt32LittleEndian(bytes, number);
            all.Add(links.Add(bytes, new Link()));
            Assert.Same(all[^1], links.Find(bytes));
            Assert.False(all[^1].IsDisposed);
        }

        // 4 MiB hold 65 of them.
        Assert.InRange(all.Count(link => !link.IsDisposed), 1, 65);
    }

    private sealed class Link : IDisposable
    {
        public bool IsDisposed { get; private set; }

        public void Dispose() => IsDisposed = true;
    }
}
