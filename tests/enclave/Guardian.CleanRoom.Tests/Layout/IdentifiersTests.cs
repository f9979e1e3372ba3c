using Guardian.CleanRoom.Contract;
using Guardian.CleanRoom.Layout;
using Guardian.CleanRoom.Tests.Support;

namespace Guardian.CleanRoom.Tests.Layout;

public class IdentifiersTests
{
    [Fact]
    public void A_tag_is_the_beginning_of_the_keyed_hash_that_the_specification_names()
    {
        var mac = System.Security.Cryptography.HMACSHA256.HashData(TestRows.MatchKey, TestRows.Utf8("email\0anna@example.com"));
        var tag = Identifiers.Tag(TestRows.MatchKey, IdentifierKind.Email, "anna@example.com");
        Assert.Equal(Convert.ToHexStringLower(mac[..14]) + "0000", $"{tag.High:x16}{tag.Low:x16}");
    }

    [Fact]
    public void Key_and_kind_change_the_tag()
    {
        var tag = Identifiers.Tag(TestRows.MatchKey, IdentifierKind.Email, "x@y");
        Assert.NotEqual(tag, Identifiers.Tag(TestRows.MatchKey, IdentifierKind.CustomerId, "x@y"));
        Assert.NotEqual(tag, Identifiers.Tag(new byte[32], IdentifierKind.Email, "x@y"));
    }
}
