using Guardian.OpenStack.Placement;

namespace Guardian.Metering.Tests;

public sealed class KnownClaimsTests : IDisposable
{
    private static readonly Guid One = Guid.Parse("00000000-0000-0000-0000-000000000001");
    private static readonly Guid Two = Guid.Parse("00000000-0000-0000-0000-000000000002");
    private static readonly EpcClaim[] Parts = 
    [
        new(Guid.Empty, 0, 8), new(Guid.Empty, 1, 16) { ProvisionKey = true }, new(Guid.Empty, null, 1) { ProvisionKey = true },
        new(Guid.Empty, null, 0) { TdxKey = true },
    ];

    private readonly TemporaryFolder folder = new();

    private string Path => folder.File("claims");

    public void Dispose() => folder.Dispose();

    [Fact]
    public void What_was_noted_is_known_after_a_restart_under_the_same_flavor()
    {
        using (var known = KnownClaims.Open(Path))
        {
            known.Note(One, "m1 tiny", []);
            known.Note(Two, "m1.small", []);
            known.Note(Two, "sgx large", [.. Parts.Select(part => part with { Provider = One })]);
            known.Note(Guid.Empty, "two\nlines", Parts);
            known.Note(Guid.Empty, "", Parts);
        }
        using var again = KnownClaims.Open(Path);
        Assert.Equal([], again.Find(One, "m1 tiny")!);
        Assert.Null(again.Find(One, "m1"));
        Assert.Null(again.Find(Two, "m1.small"));
        Assert.Equal(Parts, again.Find(Two, "sgx large"));
        Assert.Equal(25, KnownClaims.Read(Path)[Two].Mebibytes);
        Assert.Null(again.Find(Guid.Empty, "two\nlines"));
        Assert.Null(again.Find(Guid.Empty, ""));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path));
    }

    [Fact]
    public void A_torn_or_damaged_line_is_no_knowledge()
    {
        using (var known = KnownClaims.Open(Path))
        {
            known.Note(One, "sgx.small", Parts);
            known.Note(Two, "sgx.small", Parts);
        }
        var text = File.ReadAllText(Path);
        for (var i = 0; i < text.Length; i++)
        {
            File.WriteAllText(Path, text.Remove(i, 1).Insert(i, text[i] == '8' ? "9" : "8"));
            Assert.All(KnownClaims.Read(Path).Values, claim => Assert.Equal(25, claim.Mebibytes));
            Assert.InRange(KnownClaims.Read(Path).Count, 0, 1);
            File.WriteAllText(Path, text[..i]);
            Assert.All(KnownClaims.Read(Path).Values, claim => Assert.Equal(25, claim.Mebibytes));
        }
        using var again = KnownClaims.Open(Path);
        Assert.NotNull(again.Find(One, "sgx.small"));
        Assert.Null(again.Find(Two, "sgx.small"));
    }

    [Fact]
    public void Plain_servers_never_displace_one_with_EPC_and_the_file_does_not_grow_without_end()
    {
        using (var known = KnownClaims.Open(Path))
        {
            known.Note(One, "sgx.small", Parts);
            for (var i = 0; i < 20_000; i++)
            {
                known.Note(new Guid(i, 1, 1, new byte[8]), "m1.tiny", []);
            }
        }
        Assert.InRange(new FileInfo(Path).Length, 1, 1_500_000);
        using var again = KnownClaims.Open(Path);
        Assert.Equal(Parts, again.Find(One, "sgx.small"));
        Assert.NotNull(again.Find(new Guid(19_999, 1, 1, new byte[8]), "m1.tiny"));
        Assert.Null(again.Find(new Guid(0, 1, 1, new byte[8]), "m1.tiny"));
    }

    [Fact]
    public void A_disk_without_space_for_a_new_file_costs_no_later_line()
    {
        using var known = KnownClaims.Open(Path);
        // The next line makes the file anew.
        for (var i = 0; i < 4 * 4096; i++)
        {
            known.Note(One, $"m1.{i}", []);
        }
        Directory.Delete(folder.Path, recursive: true);
        Assert.ThrowsAny<IOException>(() => known.Note(Two, "sgx.small", Parts));
        Assert.ThrowsAny<IOException>(() => known.Note(Two, "sgx.large", Parts));
        Directory.CreateDirectory(folder.Path);
        known.Note(Two, "sgx.medium", Parts);
        Assert.Equal(("sgx.medium", 25), (KnownClaims.Read(Path)[Two].Flavor, KnownClaims.Read(Path)[Two].Mebibytes));
    }

    [Theory]
    [InlineData("")]
    [InlineData("0123456789abcdef 00000000-0000-0000-0000-000000000001 8@0 sgx")]
    [InlineData("no line at all")]
    public void What_is_no_line_is_null(string line) => Assert.Null(KnownClaim.TryParse(line));
}
