using System.Globalization;
using System.Text;
using Guardian.CleanRoom.Base;

namespace Guardian.CleanRoom.Tests.Contract;

public class CanonicalTextTests
{
    [Fact]
    public void Texts_are_composed_as_another_implementation_of_unicode_does()
    {
        var lines = File.ReadLines(Repository.File("tests", "vectors", "canonical-text", "nfc.txt")).Where(line => line[0] != '#').ToList();
        Assert.True(lines.Count > 500);
        Assert.All(lines, line =>
        {
            var (input, expected) = (Read(line.Split(';')[0]), Read(line.Split(';')[1]));
            Assert.Equal(expected, CanonicalText.Compose(input));
            Assert.Equal(expected, CanonicalText.Compose(expected));
        });
    }

    [Fact]
    public void Plain_text_and_unpaired_surrogates_do_no_harm()
    {
        const string plain = "K\u00f6ln, stra\u00dfe 7";
        Assert.Same(plain, CanonicalText.Compose(plain));
        Assert.Equal("a\ufffd", CanonicalText.Compose("a\ud800"));
        Assert.Equal("", CanonicalText.Compose(""));
    }

    private static string Read(string codes) => string.Concat(
        codes.Split(' ', StringSplitOptions.RemoveEmptyEntries)
            .Select(code => new Rune(int.Parse(code, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture)).ToString()));
}
