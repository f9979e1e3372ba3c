using Guardian.Libvirt.Domain;
using Guardian.Node.Definitions;
using Guardian.Node.Tests.Publishing;
using Guardian.OpenStack.Placement;

namespace Guardian.Node.Tests.Definitions;

public sealed class PlainInstancesTests : IDisposable
{
    private static readonly Guid One = Guid.Parse("00000000-0000-0000-0000-000000000001");
    private static readonly Guid Two = Guid.Parse("00000000-0000-0000-0000-000000000002");

    private readonly TemporaryFolder folder = new();

    private string Path => folder.File("plain");

    public void Dispose() => folder.Dispose();

    [Fact]
    public void What_was_noted_is_known_after_a_restart_under_the_same_flavor()
    {
        using (var plain = new PlainInstances(Path))
        {
            plain.Note(One, "m1 tiny");
            plain.Note(Two, "m1.small");
            plain.Note(Two, null);
            plain.Note(Guid.Empty, "two\nlines");
        }
        using var again = new PlainInstances(Path);
        Assert.True(again.Contains(One, "m1 tiny"));
        Assert.False(again.Contains(One, "m1"));
        Assert.False(again.Contains(Two, "m1.small"));
        Assert.False(again.Contains(Guid.Empty, "two\nlines"));
    }

    [Fact]
    public void A_torn_or_damaged_line_is_no_knowledge()
    {
        using (var plain = new PlainInstances(Path))
        {
            plain.Note(One, "m1.tiny");
            plain.Note(Two, "sgx.small");
        }
        File.WriteAllText(Path, "nonsense\n" + File.ReadAllText(Path)[..^7]);
        using (var again = new PlainInstances(Path))
        {
            Assert.True(again.Contains(One, "m1.tiny"));
            Assert.False(again.Contains(Two, "sgx"));
            again.Note(Two, "m1.tiny");
        }
        using var third = new PlainInstances(Path);
        Assert.True(third.Contains(Two, "m1.tiny"));
    }

    [Fact]
    public void The_file_does_not_grow_without_end()
    {
        using (var plain = new PlainInstances(Path))
        {
            for (var i = 0; i < 20_000; i++)
            {
                plain.Note(One, $"flavor-{i}");
            }
        }
        Assert.InRange(new FileInfo(Path).Length, 1, 600_000);
        using var again = new PlainInstances(Path);
        Assert.True(again.Contains(One, "flavor-19999"));
    }

    [Fact]
    public void A_server_that_was_plain_is_not_held_up_while_Placement_is_away_even_after_a_restart()
    {
        using var placement = new PretendedPlacement();
        using var session = placement.Connect();
        var claims = new EpcClaims(new PlacementClient(session));
        var nova = new NovaMetadata(One, "m1.tiny", Project: null, ExtraSpecs: null);
        using (var plain = new PlainInstances(Path))
        {
            Assert.Empty(new PlacementClaims(claims, "host", plain, Assert.Fail).Find(nova).Value!);
        }
        placement.IsAway = true;
        using var again = new PlainInstances(Path);
        var after = new PlacementClaims(claims, "host", again, Assert.Fail);
        Assert.Empty(after.Find(nova).Value!);
        Assert.Null(after.Find(nova with { Flavor = "sgx.small" }).Value);
        Assert.Null(after.Find(nova with { Instance = Two }).Value);
    }
}
