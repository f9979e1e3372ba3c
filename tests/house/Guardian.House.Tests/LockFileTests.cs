using System.Text.Json.Nodes;

namespace Guardian.House.Tests;

/// <summary>A program's two lock files, for .NET and for native files, follow the same projects. Only a native build restores by the
/// second, so it would be noticed late.</summary>
public sealed class LockFileTests
{
    [Fact]
    public void The_lock_file_of_a_native_program_has_the_projects_of_the_other_one()
    {
        var files = Directory.GetFiles(Repository.File("src"), "packages.native.lock.json", SearchOption.AllDirectories);
        Assert.NotEmpty(files);
        Assert.All(files, file => Assert.Equal(
            ReadProjects(Path.Combine(Path.GetDirectoryName(file)!, "packages.lock.json")), ReadProjects(file)));
    }

    // project: the projects and packages that it needs
    private static List<string> ReadProjects(string file) =>
    [
        .. JsonNode.Parse(File.ReadAllText(file))!["dependencies"]!["net10.0"]!.AsObject()
            .Where(entry => (string?)entry.Value!["type"] == "Project")
            .Select(entry => $"{entry.Key}: {string.Join(' ', Needs(entry.Value!))}").Order(StringComparer.Ordinal),
    ];

    private static IEnumerable<string> Needs(JsonNode entry) =>
        (entry["dependencies"]?.AsObject() ?? []).Select(need => need.Key).Order(StringComparer.Ordinal);
}
