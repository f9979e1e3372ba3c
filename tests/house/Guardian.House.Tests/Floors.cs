using System.Reflection;
using ArchUnitNET.Domain;
using ArchUnitNET.Loader;
using Assembly = System.Reflection.Assembly;

namespace Guardian.House.Tests;

/// <summary>Reads type references from a compiled assembly and compares them with the order of its folders.</summary>
internal static class Floors
{
    /// <summary>Finds references that go up, and folders without a floor.</summary>
    /// <param name="assembly">The compiled assembly.</param>
    /// <param name="root">The root namespace.</param>
    /// <param name="floors">The folders from the lowest to the highest, as paths with '/'; "" is the root folder.</param>
    /// <returns>One line for each problem.</returns>
    public static IReadOnlyList<string> FindProblems(Assembly assembly, string root, IReadOnlyList<string> floors)
    {
        var problems = new SortedSet<string>(StringComparer.Ordinal);
        foreach (var type in new ArchLoader().LoadAssembly(assembly).Build().Types)
        {
            if (FolderOf(type, root) is not { } folder)
            {
                continue;
            }
            var floor = IndexOf(floors, folder);
            if (floor < 0)
            {
                problems.Add($"{root} has no floor '{folder}'");
                continue;
            }
            // The loader mixes up type parameters of the same name in different types.
            foreach (
                var target in type.Dependencies.Select(dependency => dependency.Target).Where(target => target is not GenericParameter))
            {
                if (FolderOf(target, root) is { } other && IndexOf(floors, other) > floor)
                {
                    problems.Add($"{root}: {folder}/{NameOf(type)} uses {other}/{NameOf(target)}, which is above it");
                }
            }
        }
        return [.. problems];
    }

    private static string? FolderOf(IType type, string root)
    {
        // A function pointer has no namespace.
        var name = type.Namespace?.FullName ?? "";
        return name == root
            ? ""
            : name.StartsWith(root + ".", StringComparison.Ordinal) ? name[(root.Length + 1)..].Replace('.', '/') : null;
    }

    private static int IndexOf(IReadOnlyList<string> floors, string folder) => floors.ToList().IndexOf(folder);

    // The name without its namespace, and of a nested type the outermost one.
    private static string NameOf(IType type) => type.FullName[(type.Namespace.FullName.Length + 1)..].Split('+')[0];
}
