using System.Globalization;
using System.Text;

namespace Guardian.Cli.Commands.Native;

/// <summary>A file that the enclave may read if it has these bytes.</summary>
/// <param name="Path">Relative to the pack.</param>
/// <param name="Sha256">64 lower-case hex digits.</param>
internal sealed record TrustedFile(string Path, string Sha256);

/// <summary>Writes the manifest of a packed program. Its bytes are part of the measurement.</summary>
internal sealed record NativeManifest
{
    /// <summary>The folder of the premain inside the enclave.</summary>
    public const string PremainFolder = "/.guardian/premain";

    /// <summary>The loader of the premain's libraries, in the premain's folder.</summary>
    public const string Loader = "ld-linux-x86-64.so.2";

    /// <summary>The measured words of the premain.</summary>
    public required IReadOnlyList<string> Arguments { get; init; }

    /// <summary>The volumes and their paths.</summary>
    public required IReadOnlyDictionary<string, string> Volumes { get; init; }

    /// <summary>The folders in memory.</summary>
    public required IReadOnlyList<string> MemoryFolders { get; init; }

    /// <summary>Gramine's library operating system.</summary>
    public required TrustedFile System { get; init; }

    /// <summary>The files of the program and of the premain.</summary>
    public required IReadOnlyList<TrustedFile> Files { get; init; }

    /// <summary>The enclave's size, such as <c>1G</c>.</summary>
    public required string EnclaveSize { get; init; }

    /// <summary>The number of threads.</summary>
    public required int Threads { get; init; }

    /// <summary>ISVPRODID.</summary>
    public required ushort Product { get; init; }

    /// <summary>Writes the manifest.</summary>
    public string Write()
    {
        var text = new StringBuilder();
        string[] words = [Loader, "--library-path", PremainFolder, $"{PremainFolder}/guardian-premain", .. Arguments];
        void Line(string line) => text.Append(line).Append('\n');
        Line($$"""
            loader.entrypoint = { uri = {{Quote("file:" + System.Path)}}, sha256 = {{Quote(System.Sha256)}} }
            loader.log_level = "error"
            loader.argv = [{{string.Join(", ", words.Select(Quote))}}]
            loader.env.HOME = "/tmp"
            loader.env.DOTNET_GCHeapHardLimit = "10000000"
            loader.env.GUARDIAN_HOST = { passthrough = true }
            libos.entrypoint = {{Quote($"{PremainFolder}/{Loader}")}}
            fs.root.uri = "file:root"
            fs.mounts = [
              { path = {{Quote(PremainFolder)}}, uri = "file:premain" },
              { path = "/.guardian/enclave", uri = "file:enclave" },
              { path = "/.guardian/state", uri = "file:state" },
            """);
        foreach (var folder in MemoryFolders)
        {
            Line($$"""  { type = "tmpfs", path = {{Quote(folder)}} },""");
        }
        foreach (var (name, path) in Volumes)
        {
            Line(Mount(path, $"volumes/{name}/main", name));
            Line(Mount($"/.guardian/spare/{name}", $"volumes/{name}/spare", $"{name}-spare"));
        }
        Line($"""
            ]
            sys.enable_extra_runtime_domain_names_conf = true
            sys.enable_sigterm_injection = true
            sys.disallow_subprocesses = true
            sys.experimental__enable_flock = true
            sys.insecure__allow_eventfd = true
            sys.stack.size = "8M"
            sgx.debug = false
            sgx.remote_attestation = "dcap"
            sgx.isvprodid = {Product.ToString(CultureInfo.InvariantCulture)}
            sgx.isvsvn = 1
            sgx.enclave_size = {Quote(EnclaveSize)}
            sgx.max_threads = {Threads.ToString(CultureInfo.InvariantCulture)}
            sgx.allowed_files = ["file:state/", "file:enclave/"]
            sgx.trusted_files = [
            """);
        foreach (var file in Files)
        {
            Line($$"""  { uri = {{Quote("file:" + file.Path)}}, sha256 = "{{file.Sha256}}" },""");
        }
        Line("]");
        return text.ToString();
    }

    // With recovery, a file that a kill interrupts is whole again when it is opened next.
    private static string Mount(string path, string folder, string key) =>
        $$"""  { type = "encrypted", path = {{Quote(path)}}, uri = {{Quote("file:" + folder)}}, key_name = "{{key}}", """
        + "enable_recovery = true },";

    private static string Quote(string value)
    {
        var text = new StringBuilder("\"");
        foreach (var letter in value)
        {
            _ = letter switch
            {
                '"' or '\\' => text.Append('\\').Append(letter),
                < ' ' or '\u007f' => text.Append(CultureInfo.InvariantCulture, $"\\u{(int)letter:x4}"),
                _ => text.Append(letter),
            };
        }
        return text.Append('"').ToString();
    }
}
