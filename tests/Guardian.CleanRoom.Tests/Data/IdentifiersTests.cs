namespace Guardian.CleanRoom.Tests;

public class IdentifiersTests
{
    [Theory]
    [InlineData(IdentifierKind.Email, "  Anna.Kern@Example.COM ", "anna.kern@example.com")]
    [InlineData(IdentifierKind.Email, "a b+tag@x.org", "ab+tag@x.org")]
    [InlineData(IdentifierKind.Email, "ÄRGER@example.com", "ärger@example.com")]
    [InlineData(IdentifierKind.Email, "", "")]
    [InlineData(IdentifierKind.Email, " \t", "")]
    [InlineData(IdentifierKind.Email, "no-at-sign", null)]
    [InlineData(IdentifierKind.Email, "@example.com", null)]
    [InlineData(IdentifierKind.Email, "anna@", null)]
    [InlineData(IdentifierKind.Email, "a@b@c", null)]
    [InlineData(IdentifierKind.CustomerId, " ab-12 34 ", "AB-1234")]
    [InlineData(IdentifierKind.CustomerId, " ", "")]
    public void Identifiers_are_written_alike(IdentifierKind kind, string text, string? expected)
    {
        var buffer = new char[text.Length];
        var length = Identifiers.Normalise(kind, text, buffer);
        Assert.Equal(expected, length < 0 ? null : new string(buffer, 0, length));
    }

    [Fact]
    public void An_identifier_longer_than_any_address_is_none()
    {
        var text = new string('a', 400) + "@example.com";
        Assert.Equal(-1, Identifiers.Normalise(IdentifierKind.Email, text, new char[text.Length]));
    }

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
