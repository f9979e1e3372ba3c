using System.Text.Json;
using Guardian.Cli.Commands.Programs;
using Guardian.Runtime.Stdio;

namespace Guardian.Cli.Tests.Programs;

/// <summary>Frames in the lines of those who carry logs.</summary>
public sealed class CarriedLineTests
{
    private static readonly string Frame = CreateFrame();

    [Theory]
    [InlineData("", "", "")]
    [InlineData("2026-11-28T22:31:06.426094346Z ", "", "2026-11-28T22:31:06.426094346Z ")]
    [InlineData("2026-11-28T22:31:06.426094346Z stdout F ", "", "2026-11-28T22:31:06.426094346Z stdout F ")]
    [InlineData("[pod/visits/counter] 2026-11-28T22:31:06Z ", "", "[pod/visits/counter] 2026-11-28T22:31:06Z ")]
    [InlineData("\u001b[36mcounter_1  |\u001b[0m ", "\u001b[0m", "counter_1  | ")]
    [InlineData("\u001b[1;38;2;255;255;255mcounter_1  |\u001b[0m ", "", "counter_1  | ")]
    [InlineData("\u001bno colour has so many characters before its m: ", "", "no colour has so many characters before its m: ")]
    [InlineData("counter-1\t| ", "", "counter-1\t| ")]
    [InlineData("Nov 28 22:31:06 host docker/abc[123]: ", "\r", "Nov 28 22:31:06 host docker/abc[123]: ")]
    [InlineData("<14>1 2026-11-28T22:31:06Z host app - - - ", " trailing words", "<14>1 2026-11-28T22:31:06Z host app - - - ")]
    [InlineData("level=info msg=\"", "\" stream=stdout", "level=info msg=\"")]
    [InlineData("gstd1 out of order: ", "", "gstd1 out of order: ")]
    public void A_frame_is_found_between_the_words_of_its_carrier(string before, string after, string prefix)
    {
        var line = CarriedLine.Read(before + Frame + after);
        Assert.Equal((prefix, Frame, false), (line.Prefix, line.Frame, line.IsBroken));
    }

    [Theory]
    [InlineData("""{"log":"FRAME\n","stream":"stdout","time":"2026-11-28T22:31:05.1Z"}""", "2026-11-28T22:31:05.1Z ")]
    [InlineData("""{"@timestamp":"T","kubernetes":{"pod":"p"},"message":"FRAME"}""", "T ")]
    [InlineData("""{"message":"x F FRAME","host":"h"}""", "x F ")]
    [InlineData("""  {"log":["FRAME"]}""", "")]
    public void A_frame_is_found_in_json(string form, string prefix)
    {
        foreach (var spelling in new[] { Frame, Frame.Replace("/", "\\/", StringComparison.Ordinal), Escape(Frame) })
        {
            var line = CarriedLine.Read(form.Replace("FRAME", spelling, StringComparison.Ordinal));
            Assert.Equal((prefix, Frame, false), (line.Prefix, line.Frame, line.IsBroken));
        }
    }

    [Fact]
    public void A_part_of_a_frame_is_not_shown_as_somebody_elses_line()
    {
        for (var size = "gstd1 out ".Length; size < Frame.Length; size++)
        {
            foreach (var prefix in new[] { "", "2026-11-28T22:31:06Z stdout P " })
            {
                Assert.True(IsReported(CarriedLine.Read(prefix + Frame[..size])), $"{size} characters");
            }
            Assert.True(IsReported(CarriedLine.Read(JsonSerializer.Serialize(new { log = Frame[..size] }))), $"{size} characters of JSON");
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("plain words")]
    [InlineData("gstd1")]
    [InlineData("the mark gstd1 alone")]
    [InlineData("notgstd1 out of it")]
    [InlineData("{")]
    [InlineData("""{"log":"plain"}""")]
    [InlineData("""{"log":"\ud800"}""")]
    public void Other_lines_stay_what_they_are(string text) => Assert.Equal(new CarriedLine("", null, false), CarriedLine.Read(text));

    [Fact]
    public void A_carrier_does_not_move_the_cursor_of_a_terminal()
    {
        var line = CarriedLine.Read($"\u001b[2K\r\u001b[1A\u0007evil\b {Frame}");
        Assert.DoesNotContain(line.Prefix, letter => char.IsControl(letter));
        Assert.True(CarriedLine.Read(new string('x', 10_000) + " " + Frame).Prefix.Length <= 256);
    }

    [Fact]
    public void No_line_makes_the_reader_fail()
    {
        var random = new Random(17);
        string[] parts =
            ["{", "}", "\"", "gstd1 ", "out ", Frame, "\\u", "\\", ":", "[", "\u001b[", "m", " ", "\ud83d", "log", "=", "0", ","];
        for (var i = 0; i < 20_000; i++)
        {
            _ = CarriedLine.Read(string.Concat(Enumerable.Range(0, random.Next(12)).Select(_ => parts[random.Next(parts.Length)])));
        }
    }

    // Some beginnings of a frame have the form of a frame; its cipher notices these.
    private static bool IsReported(CarriedLine line)
    {
        using var log = new StdioLog(new byte[32]);
        return line.IsBroken || (line.Frame is { } frame && log.Read(frame)?.Problem is not null);
    }

    private static string Escape(string text) => text.Replace("+", "\\u002b", StringComparison.Ordinal);

    private static string CreateFrame()
    {
        // Keys are tried until the payload has every sign of base64 that a carrier may escape.
        for (byte seed = 0; ; seed++)
        {
            using var cipher = new StdioCipher(Enumerable.Repeat(seed, 32).ToArray(), new string('a', 32), "out");
            var frame = cipher.Seal(StdioFrameKind.Data, "1 visits\n"u8).ToString().TrimEnd('\n');
            if (frame.Contains('+', StringComparison.Ordinal) && frame.Contains('/', StringComparison.Ordinal))
            {
                return frame;
            }
        }
    }
}
