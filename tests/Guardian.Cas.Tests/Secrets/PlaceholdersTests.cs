namespace Guardian.Cas.Tests;

public class PlaceholdersTests
{
    [Theory]
    [InlineData("$$GUARDIAN::k:hex$$", "fbff00")]
    [InlineData("$$GUARDIAN::k:base64$$", "+/8A")]
    [InlineData("$$GUARDIAN::k:base64url$$", "-_8A")]
    [InlineData("$$SCONE::k:hex$$", "fbff00")]
    [InlineData("a$$GUARDIAN::k:hex$$b$$GUARDIAN::k:hex$$c $1", "afbff00bfbff00c $1")]
    [InlineData("no placeholder $ at all", "no placeholder $ at all")]
    public void Placeholders_become_secrets_in_their_format(string text, string expected) =>
        Assert.Equal(expected, Placeholders.Replace(text, name => name == "k" ? [0xFB, 0xFF, 0x00] : throw new InvalidOperationException(name)));

    [Fact]
    public void A_secret_that_looks_like_a_placeholder_is_not_replaced_again() =>
        Assert.Equal("$$GUARDIAN::b$$", Placeholders.Replace("$$GUARDIAN::a$$", name => name == "a" ? "$$GUARDIAN::b$$"u8.ToArray() : "wrong"u8.ToArray()));

    [Fact]
    public void Made_secrets_have_their_size_and_alphabet_and_differ()
    {
        var ascii = new SessionSecret("a", SecretKind.Ascii, 64, null);
        var made = Enumerable.Range(0, 20).Select(_ => System.Text.Encoding.ASCII.GetString(SecretMaker.Make(ascii))).ToList();
        Assert.All(made, value => Assert.Matches("^[A-Za-z0-9_-]{64}$", value));
        Assert.Equal(20, made.Distinct().Count());
        Assert.Equal(32, SecretMaker.Make(new SessionSecret("b", SecretKind.Binary, 32, null)).Length);
        Assert.Equal([1, 2], SecretMaker.Make(new SessionSecret("c", SecretKind.Binary, 2, new byte[] { 1, 2 })));
    }
}
