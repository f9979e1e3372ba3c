using System.Reflection;
using System.Xml.Linq;

namespace Guardian.House.Tests;

/// <summary>A project of src/.</summary>
/// <param name="Name">The project's name.</param>
/// <param name="Storey">The folder of src/ that it lies in.</param>
/// <param name="Folder">Its own folder.</param>
internal sealed record SourceProject(string Name, string Storey, string Folder)
{
    private XDocument Document => XDocument.Load(Path.Combine(Folder, $"{Name}.csproj"));

    /// <summary>The compiled assembly.</summary>
    public Assembly Assembly => Assembly.Load(Document.Descendants("AssemblyName").FirstOrDefault()?.Value ?? Name);

    /// <summary>The referenced projects or packages, without projects that are only built beside this one.</summary>
    public IEnumerable<string> References(string kind) => Document.Descendants(kind)
        .Where(reference => reference.Attribute("ReferenceOutputAssembly")?.Value != "false")
        .Select(reference => reference.Attribute("Include")!.Value);
}

/// <summary>The projects of src/, as they lie on disk.</summary>
internal static class SourceProjects
{
    public static IReadOnlyList<SourceProject> All { get; } =
    [
        .. Directory.GetFiles(Repository.File("src"), "*.csproj", SearchOption.AllDirectories).Order(StringComparer.Ordinal)
        .Select(file => new SourceProject(
            Path.GetFileNameWithoutExtension(file), Path.GetFileName(Path.GetDirectoryName(Path.GetDirectoryName(file)))!,
            Path.GetDirectoryName(file)!)),
    ];

    public static SourceProject Find(string name) => All.Single(project => project.Name == name);
}
