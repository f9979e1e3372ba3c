using Guardian.Cli.Failures;
using Guardian.Cli.Inputs;
using Guardian.Refusals;
using Guardian.Wasi;

namespace Guardian.Cli.Installation;

/// <summary>The folder of a compiled program: the runtime and the program's native code, which are measured together.</summary>
internal static class CompiledFolder
{
    // Debug symbols and documentation are not measured; they stay behind.
    private static readonly string[] Unneeded = [".pdb", ".dbg", ".xml", ".sigstruct"];

    /// <summary>Makes the folder, whole or not at all.</summary>
    /// <param name="folder">The new folder.</param>
    /// <param name="code">The content of <see cref="CompiledProgram.FileName"/>.</param>
    /// <exception cref="RefusedException">The runtime is not installed, or a file cannot be written.</exception>
    public static void Write(string folder, byte[] code)
    {
        InstalledProgram.Runtime.RequireInstalled();
        var parts = $"{Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder))}.new-{Environment.ProcessId}";
        InputFile.Use(folder, () =>
        {
            try
            {
                CopyRuntime(parts);
                var file = Path.Combine(parts, CompiledProgram.FileName);
                Directory.CreateDirectory(Path.GetDirectoryName(file)!);
                File.WriteAllBytes(file, code);
                Directory.Move(parts, folder);
            }
            catch
            {
                if (Directory.Exists(parts))
                {
                    Directory.Delete(parts, recursive: true);
                }
                throw;
            }
            return folder;
        });
    }

    /// <summary>Reads which program a folder consists of.</summary>
    /// <returns>SHA-256 of its WebAssembly.</returns>
    /// <exception cref="RefusedException">The folder is not of <c>guardian program compile</c>.</exception>
    public static string ReadDigest(string folder) => CompiledProgram.Find(folder)?.Digest ?? throw Missing(folder);

    /// <summary>Checks that a folder has a compiled program. The code is not read: its enclave does that.</summary>
    /// <exception cref="RefusedException">The folder is not of <c>guardian program compile</c>.</exception>
    public static void Require(string folder)
    {
        if (!File.Exists(Path.Combine(folder, CompiledProgram.FileName)))
        {
            throw Missing(folder);
        }
    }

    private static RefusedException Missing(string folder) => CliReasons.NotAProgram.Refuse(
        $"{folder} is a folder without a compiled program", "guardian program compile makes one from a WebAssembly program");

    private static void CopyRuntime(string target)
    {
        var source = InstalledProgram.Runtime.Directory;
        foreach (var file in Directory.EnumerateFiles(source, "*", SearchOption.AllDirectories))
        {
            if (!Unneeded.Contains(Path.GetExtension(file), StringComparer.Ordinal))
            {
                var copy = Path.Combine(target, Path.GetRelativePath(source, file));
                Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
                File.Copy(file, copy);
            }
        }
    }
}
