namespace Guardian.Fuzz.Tests;

/// <summary>A short run of every target. <c>dotnet run --project fuzz/Guardian.Fuzz</c> runs them for any time.</summary>
public class FuzzerTests
{
    // So many rounds find a reader that throws on damage; a time limit keeps slow machines from waiting.
    private const int Rounds = 1_500;
    private const int Seed = 20261124;

    [Theory]
    [MemberData(nameof(Names))]
    public void No_reader_throws_or_overallocates(string name)
    {
        var (finding, rounds) = Fuzzer.Run(Targets.All.Single(target => target.Name == name), Seed, TimeSpan.FromSeconds(20), Rounds);
        Assert.True(finding is null, $"{finding?.Problem}\nafter {rounds} inputs: {Convert.ToBase64String(finding?.Input ?? [])}");
        Assert.True(rounds > 0);
    }

    [Fact]
    public void No_reader_of_evidence_throws_on_any_file_of_the_vectors()
    {
        string[] names =
        [
            "quote-parse", "chain", "certificate", "pck-extension", "crl", "tcb-info", "qe-identity", "collateral", "tagged-evidence",
            "sigstruct", "sgxs", "sdk-enclave",
        ];
        var readers = names.Select(name => Targets.All.Single(target => target.Name == name)).ToList();
        var files = Directory.GetFiles(Repository.File("tests", "vectors", "dcap"), "*", SearchOption.AllDirectories)
            .Concat(Directory.GetFiles(Repository.File("tests", "vectors", "sgx")));
        foreach (var input in files.Select(File.ReadAllBytes))
        {
            // Each reader may accept or refuse the file.
            readers.ForEach(reader => reader.Read(input));
        }
    }

    [Fact]
    public void The_canary_is_caught()
    {
        var (finding, _) = Fuzzer.Run(Targets.Canary, Seed, TimeSpan.FromMinutes(10));
        Assert.Contains("the canary was caught", finding!.Problem, StringComparison.Ordinal);
    }

    public static TheoryData<string> Names() => new(Targets.All.Select(target => target.Name));
}
