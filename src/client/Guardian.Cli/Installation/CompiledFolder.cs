using Guardian.Cli.Failures;
using Guardian.Cli.Inputs;
using Guardian.Refusals;
using Guardian.Sgx.Measurement;
using Guardian.Wasi;

namespace Guardian.Cli.Installation;

/// <summary>The folder of a compiled program: the runtime, the program's native code and its image's files, measured together.</summary>
internal static class CompiledFolder
{
    /// <summary>Makes the folder, whole or not at all.</summary>
    /// <param name="folder">The new folder.</param>
    /// <param name="code">The content of <see cref="CompiledProgram.FileName"/>.</param>
    /// <param name="layout">The image that the program is a part of; null for a program alone.</param>
    /// <exception cref="RefusedException">The runtime is not installed, or a file cannot be written.</exception>
    public static void Write(string folder, byte[] code, string? layout)
    {
        InstalledProgram.Runtime.RequireInstalled();
        var parts = $"{Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder))}.new-{Environment.ProcessId}";
        InputFile.Use(folder, () =>
        {
            try
            {
                CopyMeasured(InstalledProgram.Runtime.Directory, parts);
                var file = Path.Combine(parts, CompiledProgram.FileName);
                Directory.CreateDirectory(Path.GetDirectoryName(file)!);
                File.WriteAllBytes(file, code);
                if (layout is not null)
                {
                    CopyMeasured(layout, Path.Combine(parts, CompiledProgram.ImageFolder));
                }
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

    private static void CopyMeasured(string source, string target)
    {
        foreach (var file in Directory.EnumerateFiles(source, "*", SearchOption.AllDirectories).Where(EnclaveImage.IsMeasured))
        {
            var copy = Path.Combine(target, Path.GetRelativePath(source, file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(file, copy);
        }
    }
}
