using Guardian.Refusals;
using Guardian.Runtime.Start;

namespace Guardian.Runtime.Tests;

/// <summary>The host's options, which people choose by those of <c>guardian run</c>.</summary>
public class RuntimeOptionsTests
{
    private static readonly string[] Words =
    [
        "--session", "shop/web", "--cas", "https://cas.example:8081", "--machine", "m", "--collateral", "c", "--volumes", "v",
        "--program", "p",
    ];

    [Theory]
    [InlineData("--listen-on", "localhost", "127.0.0.1")]
    [InlineData("--listen-on", "127.0.0.1:80", "127.0.0.1")]
    [InlineData("--replica", "first", "leave it out")]
    [InlineData("--cas-wait", "1m", "60")]
    public void A_wrong_value_is_refused_with_its_option_and_the_right_form(string option, string value, string remedy)
    {
        var refusal = Assert.Throws<RefusedException>(() => RuntimeOptions.Parse([.. Words, option, value])).Refusal;
        Assert.StartsWith($"{option} takes ", refusal.Detail, StringComparison.Ordinal);
        Assert.EndsWith($"not '{value}'", refusal.Detail, StringComparison.Ordinal);
        Assert.Contains(remedy, refusal.Remedy, StringComparison.Ordinal);
    }
}
