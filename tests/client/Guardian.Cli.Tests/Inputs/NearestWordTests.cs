using Guardian.Cli.Inputs;

namespace Guardian.Cli.Tests.Inputs;

public sealed class NearestWordTests
{
    private static readonly string[] Known = ["room", "run", "quote", "verify", "session", "volume", "completion"];

    [Theory]
    [InlineData("rom", "room")]
    [InlineData("vreify", "verify")]
    [InlineData("sesion", "session")]
    [InlineData("quotes", "quote")]
    [InlineData("comp", "completion")]
    [InlineData("nonsense", null)]
    [InlineData("x", null)]
    [InlineData("", null)]
    public void The_most_similar_word_is_suggested_if_any_is_similar(string typed, string? expected) =>
        Assert.Equal(expected, NearestWord.Find(typed, Known));

    [Fact]
    public void Nothing_is_suggested_where_nothing_exists() => Assert.Null(NearestWord.Find("a", []));
}
