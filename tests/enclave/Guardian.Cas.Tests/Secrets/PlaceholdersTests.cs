using Guardian.Cas.Client.Sessions;
using Guardian.Cas.Secrets;

namespace Guardian.Cas.Tests.Secrets;

public class PlaceholdersTests
{
    [Theory]
    [InlineData("$$GUARDIAN::k:hex$$", "fbff00")]
    [InlineData("$$GUARDIAN::k:base64$$", "+/8A")]
    [InlineData("$$GUARDIAN::k:base64url$$", "-_8A")]
    [InlineData("$$SCONE::k:hex$$", "fbff00")]
    [InlineData("a$$GUARDIAN::k:hex$$b$$GUARDIAN::k:hex$$c $1", "afbff00bfbff00c $1")]
    [InlineData("no placeholder $ at all", "no placeholder $ at all")]
    [InlineData("$$SCONE::k:base32$$", "7P7QA===")]
    [InlineData("$$SCONE::k:base32nopad$$", "7P7QA")]
    [InlineData("\"$$SCONE::t|escape(json)$$\"", "\"\\u0022\"")]
    [InlineData("[$$GUARDIAN::k.previous:hex$$]", "[]")]
    public void Placeholders_become_secrets_in_their_format(string text, string expected) =>
        Assert.Equal(expected, Replace(text, name => name == "k" ? [0xFB, 0xFF, 0x00] : "\""u8.ToArray()));

    [Fact]
    public void A_secret_that_looks_like_a_placeholder_is_not_replaced_again() =>
        Assert.Equal(
            "$$GUARDIAN::b$$", Replace("$$GUARDIAN::a$$", name => name == "a" ? "$$GUARDIAN::b$$"u8.ToArray() : "wrong"u8.ToArray()));

    private static string Replace(string text, Func<string, byte[]> valueOf) => System.Text.Encoding.UTF8.GetString(
        PlaceholderWriter.Replace(
            text, (name, isPrevious) => isPrevious ? null : new SecretValue(SecretKind.Binary, valueOf(name), null, []), 1024)!);
}
