
namespace Guardian.Cli.Tests;

/// <summary><c>guardian volume</c>, as a person uses it.</summary>
[Trait("Starts", "processes")]
public sealed class VolumeCommandTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task A_folder_goes_in_and_comes_out_as_it_was()
    {
        Directory.CreateDirectory(folder.File("in/below/empty"));
        var large = new byte[3_000_000];
        new Random(1).NextBytes(large);
        await File.WriteAllBytesAsync(folder.File("in/below/large.bin"), large);
        folder.Write("in/note", "hello");
        File.SetLastWriteTimeUtc(folder.File("in/note"), new DateTime(2020, 2, 2, 2, 2, 2, DateTimeKind.Utc));
        File.CreateSymbolicLink(folder.File("in/link"), "below/large.bin");

        var made = (await Run("create", "v", "--key", "k")).Ends(0);
        Assert.True((bool)made.Json["keyCreated"]!);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(folder.File("k")));
        var put = (await Run("put", "v", "in", "/", "--key", "k")).Ends(0);
        Assert.Equal((2L, 3_000_005L), ((long)put.Json["files"]!, (long)put.Json["bytes"]!));
        (await Run("put", "v", "in/note", "/deep/er/note", "--key", "k")).Ends(0);

        var list = (await Run("ls", "v", "--recursive", "--key", "k")).Ends(0).Json["entries"]!.AsArray();
        Assert.Equal(
            ["/below", "/below/empty", "/below/large.bin", "/deep", "/deep/er", "/deep/er/note", "/link", "/note"],
            list.Select(entry => (string)entry!["path"]!));
        Assert.Equal("2020-02-02 02:02:02Z", (string?)list[^1]!["modified"]);
        Assert.Equal("below/large.bin", (string?)list[^2]!["target"]);

        (await Run("get", "v", "/", "out", "--key", "k")).Ends(0);
        Assert.Equal(large, await File.ReadAllBytesAsync(folder.File("out/link")));
        Assert.Equal("hello", await File.ReadAllTextAsync(folder.File("out/deep/er/note")));
        Assert.True(Directory.Exists(folder.File("out/below/empty")));
        (await Run("get", "v", "/", "out", "--key", "k")).Ends(2).Says("already exists");
        (await Run("get", "v", "/nothing", "--key", "k")).Ends(2).Says("there is no /nothing");
        Assert.True((bool)(await Run("check", "v", "--key", "k")).Ends(0).Json["verified"]!);
    }

    [Fact]
    public async Task Damage_a_wrong_key_and_an_older_copy_are_refused_with_a_reason()
    {
        folder.Write("a", string.Concat(Enumerable.Repeat("some text ", 5_000)));
        (await Run("create", "v", "--key", "k", "--freshness", "t")).Ends(0);
        (await Run("create", "v", "--key", "k")).Ends(2).Says("already exists");
        File.Copy(folder.File("v/volume"), folder.File("older"));
        (await Run("put", "v", "a", "--key", "k", "--freshness", "t")).Ends(0);
        (await Run("create", "other", "--key", "k2")).Ends(0);
        (await Run("ls", "v", "--key", "k2")).Ends(1).Says("does not open with this key");
        (await Run("ls", "v", "--key", "a")).Ends(2).Says("holds no volume key");
        (await Run("ls", "nowhere", "--key", "k")).Ends(2).Says("there is no volume");

        var newest = await File.ReadAllBytesAsync(folder.File("v/volume"));
        await File.WriteAllBytesAsync(folder.File("v/volume"), await File.ReadAllBytesAsync(folder.File("older")));
        (await Run("check", "v", "--key", "k", "--freshness", "t")).Ends(1).Says("not at the state");

        // Somewhere among the pages of the file.
        newest[10 * 4096] ^= 1;
        await File.WriteAllBytesAsync(folder.File("v/volume"), newest);
        var damaged = (await Run("check", "v", "--key", "k", "--freshness", "t")).Ends(1).Json;
        Assert.Equal("/a", (string?)damaged["damages"]![0]!["path"]);
        (await Run("get", "v", "/a", "b", "--key", "k")).Ends(1).Says("damaged");
    }

    [Fact]
    public async Task A_put_that_is_killed_leaves_the_volume_as_it_was()
    {
        Directory.CreateDirectory(folder.File("many"));
        for (var i = 0; i < 40; i++)
        {
            await File.WriteAllBytesAsync(folder.File($"many/{i}"), new byte[1_000_000]);
        }
        folder.Write("before", "kept");
        (await Run("create", "v", "--key", "k", "--freshness", "t")).Ends(0);
        (await Run("put", "v", "before", "--key", "k", "--freshness", "t")).Ends(0);
        var random = new Random(11);
        for (var round = 0; round < 6; round++)
        {
            using var process = GuardianProgram.Start(
                folder.Path, "Guardian.Cli", "guardian", ["volume", "put", "v", "many", $"/put{round}", "--key", "k", "--freshness", "t"]);
            await Task.Delay(random.Next(100, 900));
            process.Kill();
            await process.WaitForExitAsync();

            Assert.True((bool)(await Run("check", "v", "--key", "k", "--freshness", "t")).Ends(0).Json["verified"]!);
            var names = (await Run("ls", "v", "--recursive", "--key", "k", "--freshness", "t")).Ends(0).Json["entries"]!.AsArray()
                .Select(entry => (string)entry!["path"]!).ToList();
            Assert.Contains("/before", names);
            Assert.True(names.Count(name => name.StartsWith($"/put{round}", StringComparison.Ordinal)) is 0 or 41, string.Join(' ', names));
        }
    }

    private Task<Result> Run(params string[] words) => GuardianProgram.RunAsync(folder.Path, ["volume", .. words, "--json"]);
}
