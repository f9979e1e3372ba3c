namespace Guardian.Cli.Tests;

/// <summary>No command overwrites a file, and every command says the same of a file that is missing.</summary>
[Trait("Starts", "processes")]
public sealed class OutputFileTests : IDisposable
{
    private static readonly string Vector = Repository.File("tests", "vectors", "dcap", "tdx4-uptodate");

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    // No service is asked before the target is checked, so none of these needs one.
    [Theory]
    [InlineData("key create there")]
    [InlineData("quote collateral pack VECTOR --output there")]
    [InlineData("quote verify VECTOR/quote.bin --ear there --key key.pem")]
    [InlineData("room session name --output there --mrenclave HASH")]
    [InlineData("room create name --output there --mrenclave HASH --session-hash HASH --cas-identity HASH --member a=KEY --member b=KEY")]
    [InlineData("room ask contract overlap --output there --room h:1 --key key.pem")]
    [InlineData("room ask contract overlap --html there --room h:1 --key key.pem")]
    [InlineData("room lift contract --output there --room h:1 --key key.pem")]
    [InlineData("room answers contract --output there --room h:1 --key key.pem")]
    [InlineData("room activate contract --data key.pem --output there --room h:1 --key key.pem")]
    [InlineData("room upload contract --dataset d --data key.pem --receipt there --room h:1 --key key.pem")]
    [InlineData("room delete contract --dataset d --receipt there --room h:1 --key key.pem")]
    [InlineData("room report statement --contract contract --html there")]
    [InlineData("cas provisioning h:1 --output there --mrenclave HASH")]
    [InlineData("cas audit fetch h:1 --key key.pem --output there --mrenclave HASH")]
    [InlineData("cas owners propose h:1 --owner KEY --threshold 1 --output there --mrenclave HASH")]
    [InlineData("volume get v /x there --key k")]
    public async Task A_file_that_exists_is_not_overwritten(string words)
    {
        folder.Write("there", "mine");
        (await RunAsync("key", "create", "key.pem")).Ends(0);
        var command = words.Replace("VECTOR", Vector, StringComparison.Ordinal)
            .Replace("HASH", new string('1', 64), StringComparison.Ordinal);
        var result = (await RunAsync(command.Split(' '))).Ends(2);
        Assert.Equal("guardian: error: the file there already exists\nguardian: hint: choose another name, or remove it\n", result.Error);
        Assert.Equal("mine", await File.ReadAllTextAsync(folder.File("there")));
    }

    [Theory]
    [InlineData("image pack key.pem there")]
    [InlineData("demo --keep there")]
    public async Task A_folder_that_holds_something_is_not_filled(string words)
    {
        (await RunAsync("key", "create", "key.pem")).Ends(0);
        Directory.CreateDirectory(folder.File("there"));
        folder.Write("there/mine", "mine");
        (await RunAsync(words.Split(' '))).Ends(2).Says("guardian: error: the folder there already exists and is not empty");
        Assert.Equal(["mine"], Directory.GetFiles(folder.File("there")).Select(Path.GetFileName));
    }

    [Fact]
    public async Task A_volume_is_not_made_over_another()
    {
        (await RunAsync("volume", "create", "v", "--key", "k")).Ends(0);
        (await RunAsync("volume", "create", "v", "--key", "new")).Ends(2).Says("the file v/volume already exists");
        Assert.False(File.Exists(folder.File("new")));
    }

    [Fact]
    public async Task A_device_is_no_file_that_could_be_overwritten()
    {
        var packed = (await RunAsync("quote", "collateral", "pack", Vector, "--output", "/dev/stdout")).Ends(0).Output;
        Assert.StartsWith("{", packed, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("key show absent")]
    [InlineData("quote verify absent")]
    [InlineData("quote show absent")]
    [InlineData("quote verify VECTOR/quote.bin --collateral absent")]
    [InlineData("quote verify VECTOR/quote.bin --root absent")]
    [InlineData("quote verify VECTOR/quote.bin --policy absent")]
    [InlineData("quote collateral show absent")]
    [InlineData("enclave show absent")]
    [InlineData("session check absent")]
    [InlineData("cas audit verify absent")]
    [InlineData("room check absent")]
    [InlineData("room verify absent --contract absent")]
    [InlineData("room diagnose absent --column email")]
    [InlineData("vm verify --config absent")]
    [InlineData("usage dataframes --journal absent")]
    [InlineData("volume ls v --key absent")]
    [InlineData("image show absent")]
    [InlineData("logs s/s absent --cas h:1 --key absent")]
    public async Task A_file_that_is_missing_is_the_worlds_fault_and_said_in_one_way(string words)
    {
        var command = words.Replace("VECTOR", Vector, StringComparison.Ordinal);
        var result = (await RunAsync([.. command.Split(' '), "--json"])).Ends(3);
        Assert.Equal(("io", "the file absent does not exist"), ((string?)result.Json["error"], (string?)result.Json["message"]));
    }

    [Fact]
    public async Task Other_failures_of_files_are_said_in_the_same_style()
    {
        (await RunAsync("key", "show", ".")).Ends(3).Says("guardian: error: . is a folder, not a file\n");
        (await RunAsync("quote", "collateral", "pack", Vector, "--output", "no/where")).Ends(3)
            .Says("guardian: error: there is no folder no\n");
        (await RunAsync("quote", "collateral", "pack", Vector, "--output", "/dev/full")).Ends(3)
            .Says("guardian: error: /dev/full: no space left on device\n");
    }

    private Task<Result> RunAsync(params string[] arguments) => GuardianProgram.RunAsync(folder.Path, arguments);
}
