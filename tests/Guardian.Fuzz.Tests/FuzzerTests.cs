namespace Guardian.Fuzz.Tests;

/// <summary>A short run of every target; <c>dotnet run --project fuzz/Guardian.Fuzz</c> runs them for as long as you like.</summary>
public class FuzzerTests
{
    // Enough to notice a reader that throws on damage; the limit of time keeps slow machines from waiting.
    private const int Rounds = 1_500;
    private const int Seed = 20261124;

    [Theory]
    [MemberData(nameof(Names))]
    public void No_reader_throws_or_overallocates(string name)
    {
        var (finding, rounds) = Fuzzer.Run(Targets.All.Single(target => target.Name == name), Seed, TimeSpan.FromSeconds(20), Rounds);
        Assert.True(finding is null, $"{finding?.What}\nafter {rounds} inputs: {Convert.ToBase64String(finding?.Input ?? [])}");
        Assert.True(rounds > 0);
    }

    [Fact]
    public void The_canary_is_caught() =>
        Assert.Contains("the canary was caught", Fuzzer.Run(Targets.Canary, Seed, TimeSpan.FromSeconds(20)).Finding!.What, StringComparison.Ordinal);

    public static TheoryData<string> Names() => new(Targets.All.Select(target => target.Name));
}
