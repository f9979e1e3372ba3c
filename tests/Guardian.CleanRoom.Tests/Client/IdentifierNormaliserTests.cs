using System.Security.Cryptography;
using System.Text;
using Guardian.CleanRoom.Client;

namespace Guardian.CleanRoom.Tests;

public class IdentifierNormaliserTests
{
    [Theory]
    [InlineData(IdentifierKind.Email, IdentifierProfile.Plain, "  Anna.Kern@Example.COM ", "anna.kern@example.com")]
    [InlineData(IdentifierKind.Email, IdentifierProfile.Plain, "a b+tag@x.org", "ab+tag@x.org")]
    [InlineData(IdentifierKind.Email, IdentifierProfile.Plain, "ÄRGER@example.com", "ärger@example.com")]
    [InlineData(IdentifierKind.Email, IdentifierProfile.Plain, "", "")]
    [InlineData(IdentifierKind.Email, IdentifierProfile.Plain, " \t", "")]
    [InlineData(IdentifierKind.Email, IdentifierProfile.Plain, "no-at-sign", null)]
    [InlineData(IdentifierKind.Email, IdentifierProfile.Plain, "@example.com", null)]
    [InlineData(IdentifierKind.Email, IdentifierProfile.Plain, "anna@", null)]
    [InlineData(IdentifierKind.Email, IdentifierProfile.Plain, "a@b@c", null)]
    [InlineData(IdentifierKind.Email, IdentifierProfile.Google, "Jane.Saoirse+work@GoogleMail.com", "janesaoirse@googlemail.com")]
    [InlineData(IdentifierKind.Email, IdentifierProfile.Google, "j ane@gmail.com", "jane@gmail.com")]
    [InlineData(IdentifierKind.Email, IdentifierProfile.Google, "+all@gmail.com", null)]
    [InlineData(IdentifierKind.Email, IdentifierProfile.Uid2, "Jane.Saoirse+work@GoogleMail.com", "jane.saoirse+work@googlemail.com")]
    [InlineData(IdentifierKind.Email, IdentifierProfile.Uid2, "jane saoirse@example.com", null)]
    [InlineData(IdentifierKind.Email, IdentifierProfile.Meta, "John_Smith@gmail.com", "john_smith@gmail.com")]
    [InlineData(IdentifierKind.Email, IdentifierProfile.Meta, " J.S+x@gmail.com ", "j.s+x@gmail.com")]
    [InlineData(IdentifierKind.CustomerId, IdentifierProfile.Plain, " ab-12 34 ", "AB-1234")]
    [InlineData(IdentifierKind.CustomerId, IdentifierProfile.Plain, " ", "")]
    [InlineData(IdentifierKind.CustomerId, IdentifierProfile.Exact, " ab-12 34 ", "ab-12 34")]
    public void Identifiers_are_written_alike(IdentifierKind kind, IdentifierProfile profile, string text, string? expected) =>
        Assert.Equal(expected, Normalise(new Identifier(kind, profile, "id"), text));

    // Published by UID2 (IABTechLab/uid2docs, gs-normalization-encoding.md): input, normalised, SHA-256, base64 of SHA-256.
    [Theory]
    [InlineData("USER@example.com", "user@example.com", "b4c9a289323b21a01c3e940f150eb9b8c542587f1abfd8f0e1cc1ffc5e475514", "tMmiiTI7IaAcPpQPFQ65uMVCWH8av9jw4cwf/F5HVRQ=")]
    [InlineData("MyEmail@example.com", "myemail@example.com", "16c18d336f0b250f0e2d907452ceb9658a74ecdae8bc94864c23122a72cc27a5", "FsGNM28LJQ8OLZB0Us65ZYp07NrovJSGTCMSKnLMJ6U=")]
    [InlineData("MYEMAIL@example.com", "myemail@example.com", "16c18d336f0b250f0e2d907452ceb9658a74ecdae8bc94864c23122a72cc27a5", "FsGNM28LJQ8OLZB0Us65ZYp07NrovJSGTCMSKnLMJ6U=")]
    [InlineData("My.Email@example.com", "my.email@example.com", "e22b53bc6f871274f3a62ab37a3caed7214fc14d676215a96a242fcfada1c81f", "4itTvG+HEnTzpiqzejyu1yFPwU1nYhWpaiQvz62hyB8=")]
    [InlineData("JaneSaoirse+Work@example.com", "janesaoirse+work@example.com", "28aaee4815230cd3b4ebd88c515226550666e91ac019929e3adac3f66c288180", "KKruSBUjDNO069iMUVImVQZm6RrAGZKeOtrD9mwogYA=")]
    [InlineData("JANE.SAOIRSE@gmail.com", "janesaoirse@gmail.com", "92ee26057ed9dea2535d6c8b141d48373932476599196e00352254896db5888f", "ku4mBX7Z3qJTXWyLFB1INzkyR2WZGW4ANSJUiW21iI8=")]
    [InlineData("JaneSaoirse+Work@gmail.com", "janesaoirse@gmail.com", "92ee26057ed9dea2535d6c8b141d48373932476599196e00352254896db5888f", "ku4mBX7Z3qJTXWyLFB1INzkyR2WZGW4ANSJUiW21iI8=")]
    public void The_published_examples_of_uid2_hold_clear_and_hashed(string text, string normalised, string hex, string base64)
    {
        var clear = new Identifier(IdentifierKind.Email, IdentifierProfile.Uid2, "id");
        Assert.Equal(normalised, Normalise(clear, text));
        Assert.Equal(hex, Normalise(clear with { IsMatchedByHash = true }, text));
        var hashed = clear with { Form = IdentifierForm.Sha256, IsMatchedByHash = true };
        Assert.Equal(hex, Normalise(hashed, hex.ToUpperInvariant()));
        Assert.Equal(hex, Normalise(hashed, $" {base64} "));
    }

    [Fact]
    public void The_published_example_of_meta_holds() => Assert.StartsWith(
        "62a14e44f765419d10fe", Normalise(new Identifier(IdentifierKind.Email, IdentifierProfile.Meta, "id") { IsMatchedByHash = true }, "John_Smith@gmail.com"), StringComparison.Ordinal);

    [Theory]
    [InlineData("1 (234) 567-8901", "US", "+12345678901")]
    [InlineData("+65 1243 5678", "SG", "+6512435678")]
    [InlineData("0491 570 006", "AU", "+61491570006")]
    [InlineData("+44 20 7946 0018", null, "+442079460018")]
    [InlineData("0044 20 7946 0018", "DE", "+442079460018")]
    [InlineData("030 901820", "DE", "+4930901820")]
    [InlineData("20 7946 0018", null, null)]
    [InlineData("1", "DE", null)]
    [InlineData("call me", "US", null)]
    [InlineData("", "US", "")]
    public void Phones_become_e164_with_plus_for_google_and_uid2_and_without_for_meta(string text, string? region, string? expected)
    {
        var identifier = new Identifier(IdentifierKind.Phone, IdentifierProfile.Google, "id", Region: region);
        Assert.Equal(expected, Normalise(identifier, text));
        Assert.Equal(expected, Normalise(identifier with { Profile = IdentifierProfile.Uid2 }, text));
        Assert.Equal(expected?.TrimStart('+'), Normalise(identifier with { Profile = IdentifierProfile.Meta }, text));
    }

    [Theory]
    [InlineData("")]
    [InlineData("user@example.com")]
    [InlineData("b4c9a289323b21a01c3e940f150eb9b8c542587f1abfd8f0e1cc1ffc5e47551")]
    [InlineData("zzc9a289323b21a01c3e940f150eb9b8c542587f1abfd8f0e1cc1ffc5e475514")]
    [InlineData("tMmiiTI7IaAcPpQPFQ65uMVCWH8av9jw4cwf/F5HVR==")]
    public void What_is_no_hash_is_no_identifier_where_hashes_are_declared(string text)
    {
        var hashed = new Identifier(IdentifierKind.Email, IdentifierProfile.Uid2, "id", IdentifierForm.Sha256);
        Assert.Equal(text.Length == 0 ? "" : null, Normalise(hashed, text));
    }

    [Fact]
    public void An_identifier_longer_than_any_address_is_none() =>
        Assert.Null(Normalise(new Identifier(IdentifierKind.Email, IdentifierProfile.Plain, "id"), new string('a', 400) + "@example.com"));

    [Fact]
    public void Any_text_gives_an_identifier_or_none_and_never_an_exception()
    {
        var random = new Random(3);
        var characters = "aA.+@ 0\t\u00e4\ud83d\ude00gmail.com";
        foreach (var (kind, profile) in Enum.GetValues<IdentifierKind>().SelectMany(kind => Identifier.Profiles(kind).Values.Select(profile => (kind, profile))))
        {
            var normaliser = new IdentifierNormaliser(new Identifier(kind, profile, "id", Region: kind == IdentifierKind.Phone ? "US" : null) { IsMatchedByHash = random.Next(2) == 0 });
            for (var round = 0; round < 300; round++)
            {
                var text = string.Concat(Enumerable.Range(0, random.Next(40)).Select(_ => characters[random.Next(characters.Length)]));
                Assert.InRange(normaliser.Normalise(text, new char[IdentifierNormaliser.BufferSize(text.Length)]), -1, IdentifierNormaliser.BufferSize(text.Length));
            }
        }
    }

    private static string? Normalise(Identifier identifier, string text)
    {
        var buffer = new char[IdentifierNormaliser.BufferSize(text.Length)];
        var length = new IdentifierNormaliser(identifier).Normalise(text, buffer);
        return length < 0 ? null : new string(buffer, 0, length);
    }
}
