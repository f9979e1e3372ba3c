using Guardian.Attestation.Pki;
using Guardian.Attestation.Tests.Synthetic;
using Guardian.Attestation.Verification;
using Guardian.Node.Caching;

namespace Guardian.Node.Tests.Caching;

/// <summary>A host gets the best PCK certificate that its present security versions allow, and only certificates of its own.</summary>
public sealed class PckStoreTests : IDisposable
{
    private const string Host = "000102030405060708090a0b0c0d0e0f-0000";

    private readonly TemporaryFolder folder = new();
    private readonly SyntheticPlatform platform = new();
    private readonly List<string> lines = [];
    private readonly VerifierOptions options;

    public PckStoreTests() =>
        options = new VerifierOptions { Anchors = [TrustAnchor.FromCertificate(SyntheticPlatform.Utf8(platform.Root.Pem()))!] };

    private static byte[] Full => SyntheticPlatform.Components;

    private static byte[] Half => [.. Full.Select(svn => (byte)(svn / 2))];

    public void Dispose()
    {
        platform.Dispose();
        folder.Dispose();
    }

    [Fact]
    public void The_best_certificate_at_or_below_the_raw_TCB_is_chosen_by_the_order_of_the_TCB_info()
    {
        // Intel's service gives them in no useful order.
        var set = PckCertificateSet.Verify(Pem(Leaf(Half, 5), Leaf(Full, 13), Leaf(new byte[16], 5), Leaf(Half, 13)), options).Value!;
        var ordered = set.Order(platform.Build().Collateral).Value!;
        Assert.Equal(
            [(Full[0], 13), (Half[0], 13), (Half[0], 5), (0, 5)],
            ordered.Certificates.Select(each => (each.Extension.Components[0], (int)each.Extension.PceSvn)));
        Assert.Equal(13, Select(Full, 13));
        Assert.Equal(Half[0], ordered.Select([.. Full.Select((svn, i) => i == 1 ? (byte)(svn - 1) : svn)], 13, SyntheticPlatform.At)!
            .Extension.Components[0]);
        Assert.Equal(5, Select(Full, 12));
        Assert.Equal(5, Select(new byte[16], 5));
        Assert.Null(ordered.Select(new byte[16], 4, SyntheticPlatform.At));
        Assert.Null(ordered.Select(Full, 13, SyntheticPlatform.At.AddYears(100)));
        // CPUSVN and then PCESVN, little-endian.
        Assert.Equal(Convert.ToHexString(Full) + "0D00", ordered.Certificates[0].TcbLevel);

        // The first one that comes to mind: the newest certificate of the file.
        Assert.NotEqual(set.Certificates[0].Extension.PceSvn, ordered.Certificates[0].Extension.PceSvn);

        int? Select(byte[] cpuSvn, ushort pceSvn) => ordered.Select(cpuSvn, pceSvn, SyntheticPlatform.At)?.Extension.PceSvn;
    }

    [Fact]
    public void Files_appear_and_disappear_and_only_good_ones_are_used()
    {
        var store = new PckStore(folder.File("pck"), options, lines.Add);
        store.Refresh();
        Assert.Null(store.Find(Host));
        Assert.Null(store.Write(Host, Pem(Leaf(Full, 13))));
        Assert.Equal("00606a000000", store.Find(Host)!.Platform.Fmspc);
        Assert.Equal("platform", store.Find(Host)!.Authority);

        // A PCE-ID that the certificates do not have, in the order of bytes of requests.
        Assert.Contains("PCE-ID 0000", store.Write(Host[..^4] + "0100", Pem(Leaf(Full, 13))), StringComparison.Ordinal);
        Assert.NotNull(store.Write(Host, "no certificates"u8.ToArray()));
        Assert.NotNull(store.Find(Host));

        File.WriteAllText(Path.Combine(folder.File("pck"), "stranger.pem"), "text");
        store.Refresh();
        store.Refresh();
        Assert.Contains("stranger.pem is not used", Assert.Single(lines), StringComparison.Ordinal);
        File.Delete(Path.Combine(folder.File("pck"), Host + ".pem"));
        store.Refresh();
        Assert.Null(store.Find(Host));
    }

    [Fact]
    public void Certificates_of_two_platforms_or_of_another_root_are_refused()
    {
        using var other = new SyntheticPlatform();
        var foreign = PckCertificateSet.Verify(SyntheticPlatform.Utf8(other.Pck.Pem() + other.Authority.Pem() + other.Root.Pem()), options);
        Assert.NotNull(foreign.Refusal);
        platform.Pck.Extensions[PckFields.Oid] = new PckFields(Full, 13, [1, 2, 3, 4, 5, 6], [0, 0]).Write();
        var mixed = PckCertificateSet.Verify(Pem(Leaf(Full, 13), platform.Pck.Pem()), options);
        Assert.Contains("two platforms", mixed.Refusal!.Detail, StringComparison.Ordinal);
        Assert.NotNull(PckCertificateSet.Verify(SyntheticPlatform.Utf8(platform.Authority.Pem() + platform.Root.Pem()), options).Refusal);
        Assert.NotNull(PckCertificateSet.Verify(default, options).Refusal);
    }

    private string Leaf(byte[] components, int pceSvn)
    {
        var leaf = new CertificateShape("Synthetic SGX PCK Certificate", platform.NewKey()) { Issuer = platform.Authority };
        leaf.Extensions[PckFields.Oid] = new PckFields(components, pceSvn, [0x00, 0x60, 0x6A, 0, 0, 0], [0, 0]).Write();
        return leaf.Pem();
    }

    private byte[] Pem(params string[] leaves) =>
        SyntheticPlatform.Utf8(string.Concat(leaves) + platform.Authority.Pem() + platform.Root.Pem());
}
