using Guardian.CleanRoom.Layout;
using Guardian.CleanRoom.Contract;
using Guardian.CleanRoom.Data;
using Guardian.CleanRoom.Tests.Support;
using Guardian.Refusals;

namespace Guardian.CleanRoom.Client.Tests;

/// <summary>Tags of an activation list, found again in the receiver's file.</summary>
public sealed class ActivationListTests : IDisposable
{
    private static readonly Identifier Composite = new(IdentifierKind.Composite, IdentifierProfile.Plain, "")
    {
        Parts =
        [
            new Identifier(IdentifierKind.Name, IdentifierProfile.Plain, "surname"),
            new Identifier(IdentifierKind.Date, IdentifierProfile.Plain, "born") { Order = DateOrder.DayMonthYear },
            new Identifier(IdentifierKind.Postcode, IdentifierProfile.Plain, "postcode"),
        ],
    };

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void A_composite_identifier_becomes_the_cells_of_its_parts()
    {
        var path = folder.Write(
            "mine.csv",
            "postcode,surname,extra,born\nsw1a 1aa,\" M\u00fcller, jun.\",x,24.11.1985\n1,Other,x,1.1.1990\n,None,x,1.1.1990\nshort\n");
        var tag = Identifiers.Tag(TestRows.MatchKey, IdentifierKind.Composite, "9:mullerjun,10:1985-11-24,7:SW1A1AA,");
        var wanted = new HashSet<string> { $"{tag.High:x16}{tag.Low:x16}"[..28] };
        Assert.Equal(
            ["\"M\u00fcller, jun.\",24.11.1985,sw1a 1aa"], new ActivationList(Composite, TestRows.MatchKey).Find(path, wanted));
    }

    [Fact]
    public void A_file_without_the_column_is_refused()
    {
        var path = folder.Write("other.csv", "postcode,surname\n1,x\n");
        var failure = Assert.Throws<RefusedException>(
            () => new ActivationList(Composite, TestRows.MatchKey).Find(path, new HashSet<string>()));
        Assert.Equal(("bad-data", RefusalKind.Invalid), (failure.Refusal.Code, failure.Refusal.Kind));
        Assert.Contains("has no column 'born'", failure.Message, StringComparison.Ordinal);
    }
}
