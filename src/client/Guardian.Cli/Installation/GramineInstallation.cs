namespace Guardian.Cli.Installation;

/// <summary>The Gramine of this machine. Guardian brings none.</summary>
internal static class GramineInstallation
{
    /// <summary>The program that starts enclaves.</summary>
    public const string Sgx = "gramine-sgx";

    /// <summary>The program that starts programs without an enclave.</summary>
    public const string Direct = "gramine-direct";

    private static readonly string[] LibraryFolders = ["lib/x86_64-linux-gnu", "lib64", "lib"];

    /// <summary>Finds a program of Gramine in the path; null when it is not installed.</summary>
    public static string? FindProgram(string name) => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':')
        .Where(folder => folder.Length > 0).Select(folder => Path.Combine(folder, name)).FirstOrDefault(File.Exists);

    /// <summary>Finds a file of Gramine's libraries; null when it is not installed.</summary>
    /// <param name="relative">Such as <c>sgx/libpal.so</c>.</param>
    public static string? FindLibrary(string relative)
    {
        string[] programs = [.. new[] { FindProgram(Sgx), FindProgram(Direct) }.OfType<string>()];
        string[] roots =
        [
            .. programs.Select(program => Path.GetDirectoryName(Path.GetDirectoryName(Follow(program))!)!), "/usr", "/usr/local",
        ];
        return roots.SelectMany(root => LibraryFolders.Select(library => Path.Combine(root, library, "gramine", relative)))
            .FirstOrDefault(File.Exists);
    }

    private static string Follow(string program) => File.ResolveLinkTarget(program, returnFinalTarget: true)?.FullName ?? program;
}
