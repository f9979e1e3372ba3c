using Guardian.Sgx;

namespace Guardian.Operator.Tests;

/// <summary>The operator accepts the CAS that its command line names, and hardware unless it says otherwise.</summary>
public sealed class OperatorSettingsTests
{
    private static readonly string Code = new('a', 64);

    [Fact]
    public void The_words_say_which_cas_is_accepted()
    {
        var settings = Read($"--cas https://cas:8081 --mrenclave {Code},{new string('b', 64)} --identity {new string('c', 64)}", null)!;
        Assert.Equal(
            (2, PlatformKind.Hardware, new string('c', 64)),
            (settings.Policy.Identities.Single().MrEnclaves.Count, settings.Policy.Platforms.Single(), settings.Pins.Identity));
        Assert.Equal(PlatformKind.Simulated, Read("--cas https://cas:8081 --platform simulated", Code)!.Policy.Platforms.Single());
    }

    [Theory]
    [InlineData("", "--cas needs")]
    [InlineData("--cas http://cas:8081", "--cas needs")]
    [InlineData("--cas https://cas:8081", "--mrenclave")]
    [InlineData("--cas https://cas:8081 --mrenclave xyz", "--mrenclave")]
    [InlineData("--cas https://cas:8081 --identity 1", "--identity")]
    [InlineData("--cas https://cas:8081 --platform fast", "--platform")]
    [InlineData("--cas", "needs one value")]
    [InlineData("--cas https://a:1 --cas https://b:1", "needs one value")]
    [InlineData("--trust all", "unknown")]
    public void Mistakes_are_named(string words, string expected)
    {
        var code = words.Contains("--identity", StringComparison.Ordinal) || words.Contains("--platform", StringComparison.Ordinal)
            ? Code : null;
        Assert.Null(OperatorSettings.Read(words.Split(' ', StringSplitOptions.RemoveEmptyEntries), _ => code, out var problem));
        Assert.Contains(expected, problem, StringComparison.Ordinal);
    }

    private static OperatorSettings? Read(string words, string? code) => OperatorSettings.Read(words.Split(' '), _ => code, out _);
}
