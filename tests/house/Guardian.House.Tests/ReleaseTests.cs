using System.Diagnostics;
using System.Security.Cryptography;
using System.Text.Json.Nodes;

namespace Guardian.House.Tests;

/// <summary>The script <c>eng/release</c>, with the parts that need no compiler. The others are scripts with suites of their own:
/// <c>./test libraries</c>, <c>./test packages</c>, <c>./test docker</c>, <c>./test abi</c>.</summary>
[Trait("Starts", "processes")]
public sealed class ReleaseTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task Two_releases_of_the_same_sources_have_the_same_bytes_and_their_digests()
    {
        foreach (var name in new[] { "one", "two" })
        {
            Assert.Equal((0, ""), await RunAsync("--only", "python,chart,sbom", folder.File(name)));
        }
        var files = FilesOf("one");
        Assert.Equal(files, FilesOf("two"));
        Assert.All(files, file =>
            Assert.Equal(File.ReadAllBytes(folder.File($"one/{file}")), File.ReadAllBytes(folder.File($"two/{file}"))));
        var listed = (await File.ReadAllLinesAsync(folder.File("one/SHA256SUMS"))).ToDictionary(line => line[66..], line => line[..64]);
        Assert.Equal(files.Where(file => file != "SHA256SUMS"), listed.Keys.Order(StringComparer.Ordinal));
        Assert.All(listed, each => Assert.Equal(
            each.Value, Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(folder.File($"one/{each.Key}"))))));
        Assert.Equal(2, files.Count(file => file.StartsWith("chart/guardian-", StringComparison.Ordinal)));
        Assert.Contains(files, file => file.StartsWith("python/guardian_room-", StringComparison.Ordinal));
        Assert.Matches("^[0-9a-f]{40}", await File.ReadAllTextAsync(folder.File("one/COMMIT")));
    }

    [Fact]
    public async Task Each_program_has_a_bill_of_materials()
    {
        Assert.Equal((0, ""), await RunAsync("--only", "sbom", folder.File("one")));
        var programs = SourceProjects.All.Where(project => File.Exists(Path.Combine(project.Folder, "packages.native.lock.json"))).ToList();
        var bills = Directory.GetFiles(folder.File("one/sbom"));
        Assert.Equal(programs.Count, bills.Length);
        Assert.All(bills, bill =>
        {
            var json = JsonNode.Parse(File.ReadAllText(bill))!;
            Assert.Equal("CycloneDX", (string?)json["bomFormat"]);
            Assert.Equal($"{(string?)json["metadata"]!["component"]!["name"]}.cdx.json", Path.GetFileName(bill));
            Assert.NotEmpty(json["components"]!.AsArray());
        });
    }

    [Fact]
    public async Task A_part_that_does_not_exist_and_a_folder_with_files_are_refused()
    {
        Assert.Equal(2, (await RunAsync("--only", "nuget,everything", folder.File("one"))).Code);
        Assert.False(Directory.Exists(folder.File("one")));
        Directory.CreateDirectory(folder.File("two"));
        folder.Write("two/of-another-release", "");
        var (code, error) = await RunAsync("--only", "chart", folder.File("two"));
        Assert.Equal(2, code);
        Assert.Contains("is not empty", error, StringComparison.Ordinal);
    }

    private List<string> FilesOf(string release) =>
    [
        .. Directory.GetFiles(folder.File(release), "*", SearchOption.AllDirectories)
            .Select(file => Path.GetRelativePath(folder.File(release), file)).Order(StringComparer.Ordinal),
    ];

    private static async Task<(int Code, string Error)> RunAsync(params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(Repository.File("eng", "release"), arguments)
        {
            RedirectStandardOutput = true, RedirectStandardError = true,
        })!;
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        await output;
        return (process.ExitCode, await error);
    }
}
