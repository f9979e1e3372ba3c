using System.Security.Cryptography;
using System.Text;
using Guardian.Cli.Failures;
using Guardian.Files.Durable;
using Guardian.Refusals;

namespace Guardian.Cli.Installation;

/// <summary>The compilers for WASI that this machine has. Variables name other ones than Debian's packages.</summary>
internal static class WasiTools
{
    private const string ResourcePrefix = "toolchain/";
    private const int NewestClang = 25;
    private const int OldestClang = 19;
    private const int NewestGo = 40;
    private const int OldestGo = 21;

    private static string Sysroot => Environment.GetEnvironmentVariable("GUARDIAN_WASI_SYSROOT") ?? "/usr";

    /// <summary>Finds a Go compiler for WASI.</summary>
    /// <exception cref="RefusedException">There is none.</exception>
    public static string Go => Find("GUARDIAN_GO", [
        .. Enumerable.Range(OldestGo, NewestGo - OldestGo).Reverse().Select(version => $"/usr/lib/go-1.{version}/bin/go"), "go"])
        ?? throw Missing(
            "Go compiler of version 1.21 or later", "apt-get install golang-go (Debian 13), or golang-1.23-go from bookworm-backports");

    /// <summary>Finds a Rust compiler with its name for WASI, and a linker, as Debian's has none of its own.</summary>
    /// <exception cref="RefusedException">There is none.</exception>
    public static async Task<(string Compiler, string Target, string Linker)> FindRustAsync(CancellationToken cancellation)
    {
        var linker = Find(null, ["wasm-ld", .. Versions("wasm-ld")]) ?? throw Missing("wasm-ld", "apt-get install lld");
        foreach (var compiler in new[] { Find("GUARDIAN_RUSTC", ["/usr/bin/rustc"]), Find("GUARDIAN_RUSTC", ["rustc"]) }.OfType<string>())
        {
            var (exitCode, output) = await ToolRun.ReadAsync(compiler, ["--print", "sysroot"], null, null, cancellation)
                .ConfigureAwait(false);
            foreach (var target in new[] { "wasm32-wasip1", "wasm32-wasi" })
            {
                if (exitCode == 0 && Directory.Exists(Path.Combine(output.Trim(), "lib", "rustlib", target)))
                {
                    return (compiler, target, linker);
                }
            }
        }
        throw Missing("Rust compiler with its library for WASI", "apt-get install rustc libstd-rust-dev-wasm32 lld");
    }

    /// <summary>Prepares a build by cargo.</summary>
    /// <returns>The variables that cargo reads.</returns>
    /// <exception cref="RefusedException">A part is not installed.</exception>
    public static async Task<IReadOnlyDictionary<string, string>> PrepareCargoAsync(CancellationToken cancellation)
    {
        var (compiler, target, linker) = await FindRustAsync(cancellation).ConfigureAwait(false);
        return new Dictionary<string, string>
        {
            ["RUSTC"] = compiler, ["CARGO_BUILD_TARGET"] = target,
            [$"CARGO_TARGET_{target.Replace('-', '_').ToUpperInvariant()}_LINKER"] = linker,
        };
    }

    /// <summary>Prepares the C and C++ compiler: a folder with cc, c++, and ar, ranlib and nm if LLVM's are installed.</summary>
    /// <returns>The folder, and the variables that its programs and builds need.</returns>
    /// <exception cref="RefusedException">A part is not installed, or does not work.</exception>
    public static async Task<(string Folder, IReadOnlyDictionary<string, string> Variables)> PrepareCAsync(CancellationToken cancellation)
    {
        const string packages = "apt-get install clang lld llvm wasi-libc libclang-rt-19-dev-wasm32 binaryen (Debian 13 or later)";
        var clang = Find("GUARDIAN_CLANG", [.. Versions("clang"), "clang"]) ?? throw Missing("clang", packages);
        var translator = Find("GUARDIAN_WASM_OPT", ["wasm-opt"]) ?? throw Missing("wasm-opt of Binaryen 118 or later", packages);
        if (!File.Exists(Path.Combine(Sysroot, "lib", "wasm32-wasi", "libsetjmp.a")))
        {
            throw Missing($"C library for WASI with setjmp, of 2024 or later, below {Sysroot}", packages);
        }
        var variables = new Dictionary<string, string>
        {
            ["GUARDIAN_CLANG"] = clang, ["GUARDIAN_CLANGXX"] = CxxOf(clang), ["GUARDIAN_WASM_OPT"] = translator,
            ["GUARDIAN_WASI_SYSROOT"] = Sysroot,
        };
        if (FindLibCxx() is { } library)
        {
            variables["GUARDIAN_WASI_LIBCXX"] = library;
        }
        var (_, version) = await ToolRun.ReadAsync(clang, ["--version"], null, null, cancellation).ConfigureAwait(false);
        var folder = Path.Combine(UserFolders.State, $"toolchain-{ComputeId(clang, version)}");
        if (!Directory.Exists(folder))
        {
            await MakeAsync(folder, clang, variables, cancellation).ConfigureAwait(false);
        }
        variables["PATH"] = $"{folder}:{Environment.GetEnvironmentVariable("PATH")}";
        variables["CC"] = "cc";
        variables["CXX"] = "c++";
        variables["AR"] = "ar";
        variables["RANLIB"] = "ranlib";
        return (folder, variables);
    }

    // The folder appears whole: another process may build at the same time.
    private static async Task MakeAsync(
        string folder, string clang, Dictionary<string, string> variables, CancellationToken cancellation)
    {
        DurableFile.CreateDirectory(UserFolders.State);
        var temporary = $"{folder}.{Environment.ProcessId}";
        foreach (var (name, content) in Resources())
        {
            var path = Path.Combine(temporary, name);
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            await File.WriteAllBytesAsync(path, content, cancellation).ConfigureAwait(false);
        }
        foreach (var name in new[] { "cc", "c++" })
        {
            File.Copy(Path.Combine(temporary, "compile.sh"), Path.Combine(temporary, name));
            File.SetUnixFileMode(Path.Combine(temporary, name), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
        foreach (var tool in new[] { "ar", "ranlib", "nm", "strip" })
        {
            var beside = Path.Combine(Path.GetDirectoryName(clang)!, $"llvm-{tool}");
            if ((File.Exists(beside) ? beside : Find(null, [.. Versions($"llvm-{tool}"), $"llvm-{tool}"])) is { } found)
            {
                File.CreateSymbolicLink(Path.Combine(temporary, tool), found);
            }
        }
        var (exitCode, messages) = await ToolRun.ReadAsync(
            Path.Combine(temporary, "cc"),
            ["-O2", "-c", Path.Combine(temporary, "compat.c"), "-o", Path.Combine(temporary, "compat.o")], variables, null, cancellation)
            .ConfigureAwait(false);
        if (exitCode != 0)
        {
            Directory.Delete(temporary, recursive: true);
            throw CliReasons.NoToolchain.Refuse(
                $"{clang} does not compile for WASI", problems: [.. messages.Split('\n', StringSplitOptions.RemoveEmptyEntries)]);
        }
        try
        {
            Directory.Move(temporary, folder);
        }
        catch (IOException) when (Directory.Exists(folder))
        {
            Directory.Delete(temporary, recursive: true);
        }
    }

    // The C++ library with exceptions that deploy/wasi/build-libcxx makes.
    private static string? FindLibCxx()
    {
        if (Environment.GetEnvironmentVariable("GUARDIAN_WASI_LIBCXX") is { Length: > 0 } named)
        {
            return named;
        }
        var usual = Path.Combine(UserFolders.State, "libcxx");
        return Directory.Exists(usual) ? usual : null;
    }

    // clang++ stands beside clang, and clang++-19 beside clang-19.
    private static string CxxOf(string clang)
    {
        const string name = "clang";
        var at = clang.LastIndexOf(name, StringComparison.Ordinal) + name.Length;
        return at < name.Length ? clang : clang.Insert(at, "++");
    }

    private static IEnumerable<(string Name, byte[] Content)> Resources()
    {
        var assembly = typeof(WasiTools).Assembly;
        foreach (var name in assembly.GetManifestResourceNames().Where(name => name.StartsWith(ResourcePrefix, StringComparison.Ordinal)))
        {
            using var stream = assembly.GetManifestResourceStream(name)!;
            var content = new byte[stream.Length];
            stream.ReadExactly(content);
            yield return (name[ResourcePrefix.Length..], content);
        }
    }

    // An upgrade of the compiler leaves its path the same.
    private static string ComputeId(string clang, string version)
    {
        const int idLength = 16;
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(Encoding.UTF8.GetBytes($"{clang}\0{version}\0{Sysroot}\0"));
        foreach (var (name, content) in Resources().OrderBy(resource => resource.Name, StringComparer.Ordinal))
        {
            hash.AppendData(Encoding.UTF8.GetBytes(name + '\0'));
            hash.AppendData(content);
        }
        return Convert.ToHexStringLower(hash.GetHashAndReset())[..idLength];
    }

    private static IEnumerable<string> Versions(string tool) =>
        Enumerable.Range(OldestClang, NewestClang - OldestClang).Reverse().Select(version => $"{tool}-{version}");

    // The variable, else the first of several names: a path, or a word that is looked up in PATH.
    private static string? Find(string? variable, IReadOnlyList<string> names)
    {
        if (variable is not null && Environment.GetEnvironmentVariable(variable) is { Length: > 0 } named)
        {
            return named;
        }
        var folders = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':', StringSplitOptions.RemoveEmptyEntries);
        return names.SelectMany(name => name[0] == '/' ? [name] : folders.Select(folder => Path.Combine(folder, name)))
            .FirstOrDefault(File.Exists);
    }

    private static RefusedException Missing(string part, string remedy) => CliReasons.NoToolchain.Refuse($"there is no {part}", remedy);
}
