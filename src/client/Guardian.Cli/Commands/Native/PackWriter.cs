using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Guardian.Attestation.Launch;
using Guardian.Cli.Failures;
using Guardian.Cli.Inputs;
using Guardian.Cli.Installation;
using Guardian.Files.Durable;
using Guardian.Refusals;
using Guardian.Sgx;
using Guardian.Sgx.Measurement;

namespace Guardian.Cli.Commands.Native;

/// <summary>Writes a pack: a folder from which Gramine starts a program. The manifest has the digest of each file that the program
/// reads.</summary>
internal static class PackWriter
{
    /// <summary>The name of the program for Gramine.</summary>
    public const string Name = "program";

    // Gramine's tool signs the same: AMX and the optional vector extensions may be present or not.
    private const ulong LegacyFeatures = 3;
    private const ulong FeatureMask = 0xFFFF_FFFF_FFF9_FF1B;
    private const ushort IsvSvn = 1;

    // The premain loads OpenSSL by name when it needs it.
    private static readonly string[] LoadedLibraries = ["libssl.so.3", "libcrypto.so.3"];
    private static readonly string[] LibraryFolders =
        ["/lib/x86_64-linux-gnu", "/usr/lib/x86_64-linux-gnu", "/lib64", "/usr/lib64", "/usr/lib"];

    /// <summary>Writes the pack.</summary>
    /// <remarks>1 the program's files. 2 the premain with its libraries, and Gramine's library operating system. 3 the manifest. 4 measure
    /// and sign. 5 a draft of the session.</remarks>
    /// <param name="source">The program's file system.</param>
    /// <param name="target">The pack's folder.</param>
    /// <exception cref="RefusedException">The program cannot be packed.</exception>
    public static async Task<NativePackResult> WriteAsync(
        string source, string target, PackOrder order, CancellationToken cancellation)
    {
        var system = GramineInstallation.FindLibrary("libsysdb.so") ?? throw CliReasons.NotInstalled.Refuse(
            "Gramine is not installed here: neither gramine-direct nor gramine-sgx is in the path",
            "install Gramine 1.9 (gramine.readthedocs.io); its library operating system becomes part of the pack");
        var platformLayer = GramineInstallation.FindLibrary("sgx/libpal.so");
        if (platformLayer is null && !order.IsSimulated)
        {
            throw CliReasons.NotInstalled.Refuse(
                "Gramine's platform layer for SGX is not installed here, and the measurement needs it",
                "install Gramine with SGX, or pack for the simulated platform: --platform simulated");
        }

        // Step 1
        var work = Directory.CreateTempSubdirectory("guardian-native-");
        try
        {
            var image = ReadSource(source, work.FullName);
            var entry = FindEntry(image, order.Entry);
            image.Files.Value.CopyTo(Path.Combine(target, "root"));
            List<TrustedFile> files = [.. image.Files.Value.ListFiles().Select(file => Trust(target, "root" + file.Path))];

            // Step 2
            foreach (var library in await CollectPremainAsync(order.Premain, cancellation).ConfigureAwait(false))
            {
                files.Add(Copy(library.Path, target, $"premain/{library.Name}"));
            }
            var trustedSystem = Copy(system, target, "gramine/libsysdb.so");

            // Step 3
            var manifest = new NativeManifest
            {
                Arguments = BuildArguments(order, entry),
                Volumes = order.Volumes,
                MemoryFolders = order.MemoryFolders,
                System = trustedSystem,
                Files = files,
                EnclaveSize = order.EnclaveSize,
                Threads = order.Threads,
                Product = (ushort)EnclaveProduct.Premain,
            }.Write();
            var path = Path.Combine(target, "enclave", $"{Name}.manifest.sgx");
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            OutputFile.Write(path, manifest);
            File.CreateSymbolicLink(Path.Combine(target, $"{Name}.manifest.sgx"), $"enclave/{Name}.manifest.sgx");
            File.CreateSymbolicLink(Path.Combine(target, $"{Name}.manifest"), $"enclave/{Name}.manifest.sgx");

            // Step 4
            DurableFile.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(order.Key))!);
            using var signer = EnclaveSigner.LoadOrCreate(order.Key);
            var measured = platformLayer is null ? (MrEnclave?)null : EnclaveFile.ReadManifest(path, platformLayer).MrEnclave;
            if (measured is { } mrEnclave)
            {
                var signed = signer.Sign(
                    mrEnclave, (ushort)EnclaveProduct.Premain, IsvSvn, new EnclaveAttributes(AttributeFlags.Mode64Bit, LegacyFeatures),
                    new EnclaveAttributes((AttributeFlags)ulong.MaxValue, FeatureMask),
                    DateOnly.FromDateTime(TimeProvider.System.GetUtcNow().Date));
                OutputFile.Write(Path.Combine(target, $"{Name}.sig"), signed.Bytes.Span);
            }
            var simulated = EnclaveProcess.Measure(Path.Combine(target, "enclave"));

            // Step 5
            foreach (var volume in order.Volumes.Keys)
            {
                Directory.CreateDirectory(Path.Combine(target, "volumes", volume, "main"));
                Directory.CreateDirectory(Path.Combine(target, "volumes", volume, "spare"));
            }
            Directory.CreateDirectory(Path.Combine(target, "state"));
            var pack = new PackFile(order.Session, order.Cas.Address.ToString(), [.. order.Volumes.Keys]);
            OutputFile.Write(Path.Combine(target, "pack.json"), JsonSerializer.SerializeToUtf8Bytes(pack, NativeJson.Default.PackFile));
            var draft = new NativeSessionDraft(
                order.Session, image.Command.Count > 0 ? image.Command : [Path.GetFileName(entry)], image.Environment, image.WorkingFolder,
                order.Volumes, (order.IsSimulated ? simulated : measured!.Value).ToString(), order.IsSimulated ? "simulated" : "hardware");
            var text = draft.Write();
            var sessionFile = Path.Combine(target, "session.yaml");
            _ = SessionDocumentFile.Read(Encoding.UTF8.GetBytes(text), sessionFile);
            OutputFile.Write(sessionFile, text);
            return new NativePackResult(
                measured?.ToString(), simulated.ToString(), signer.MrSigner.ToString(), entry, files.Count, sessionFile);
        }
        finally
        {
            work.Delete(recursive: true);
        }
    }

    private static ImageRoot ReadSource(string source, string work)
    {
        var layout = source;
        if (File.Exists(source))
        {
            layout = Directory.CreateDirectory(Path.Combine(work, "layout")).FullName;
            try
            {
                _ = ImageBlobs.Unpack(source, layout);
            }
            catch (InvalidDataException failure)
            {
                throw new RefusedException(CliReasons.BadImage.Because($"{source} is no archive of an image: {failure.Message}"), failure);
            }
        }
        return File.Exists(Path.Combine(layout, "index.json"))
            ? ImageRoot.Read(layout, Directory.CreateDirectory(Path.Combine(work, "files")).FullName, source)
            : new ImageRoot(null, new Lazy<RootTree>(() => RootTree.Read(Path.GetFullPath(source))), [], [], "/");
    }

    // Gramine shows no links, and programs look for their files beside the path by which they were started.
    private static string FindEntry(ImageRoot image, string? given)
    {
        var word = given ?? (image.Command is [var first, ..] ? first : null)
            ?? throw CliReasons.Usage.Refuse("the program to start is not named", "--entry PATH names it");
        var path =
            (image.Environment.FirstOrDefault(variable => variable.StartsWith("PATH=", StringComparison.Ordinal)) ?? "PATH=/usr/bin:/bin")
            ["PATH=".Length..];
        var candidates = word.Contains('/', StringComparison.Ordinal) ? [word] : path.Split(':').Select(folder => $"{folder}/{word}");
        var tree = image.Files.Value;
        return candidates.Select(tree.Resolve).FirstOrDefault(found => found is not null && tree.FindFile(found) is not null)
            ?? throw CliReasons.NotAProgram.Refuse($"there is no file {word} to start", "--entry takes a path in SOURCE");
    }

    private static string[] BuildArguments(PackOrder order, string entry) =>
    [
        "--entry", entry,
        "--session", order.Session,
        .. order.Cas.PinOptions,
        .. order.Cas.Trusted!.MrEnclaves.SelectMany(measurement => new[] { "--cas-mrenclave", measurement }),
        .. order.Cas.Trusted.Platforms.SelectMany(platform => new[] { "--cas-platform", platform }),
        .. order.MemoryFolders.SelectMany(folder => new[] { "--memory", folder }),
        .. order.Volumes.SelectMany(volume => new[] { "--volume", $"{volume.Key}={volume.Value}" }),
    ];

    // The premain brings its own libraries: a program's file system may have others, or none.
    private static async Task<List<(string Name, string Path)>> CollectPremainAsync(string folder, CancellationToken cancellation)
    {
        var program = Path.Combine(folder, "guardian-premain");
        var loader = FindLibrary(NativeManifest.Loader);
        var found = new Dictionary<string, string> { ["guardian-premain"] = program, [NativeManifest.Loader] = loader };
        var names = new Queue<string>([program]);
        foreach (var needed in LoadedLibraries)
        {
            found[needed] = FindLibrary(needed);
            names.Enqueue(found[needed]);
        }
        while (names.TryDequeue(out var name))
        {
            var (exitCode, output) = await ToolRun.ReadAsync(loader, ["--list", name], null, null, cancellation).ConfigureAwait(false);
            if (exitCode != 0)
            {
                throw CliReasons.NotInstalled.Refuse($"{name} lacks a library: {output.Trim()}");
            }
            foreach (var words in output.Split('\n').Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries)))
            {
                // libc.so.6 => /lib/x86_64-linux-gnu/libc.so.6 (0x…)
                if (words is [var library, "=>", var place, ..])
                {
                    found.TryAdd(library.Trim(), place);
                }
            }
        }
        return [.. found.OrderBy(file => file.Key, StringComparer.Ordinal).Select(file => (file.Key, file.Value))];
    }

    private static string FindLibrary(string name) =>
        LibraryFolders.Select(folder => Path.Combine(folder, name)).FirstOrDefault(File.Exists)
        ?? throw CliReasons.NotInstalled.Refuse(
            $"the premain needs {name}, and this machine has none", "install glibc and OpenSSL 3, as Debian's package libssl3 brings them");

    private static TrustedFile Copy(string source, string target, string name)
    {
        var path = Path.Combine(target, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.Copy(File.ResolveLinkTarget(source, returnFinalTarget: true)?.FullName ?? source, path);
        return Trust(target, name);
    }

    private static TrustedFile Trust(string target, string name)
    {
        using var content = File.OpenRead(Path.Combine(target, name));
        return new TrustedFile(name, Convert.ToHexStringLower(SHA256.HashData(content)));
    }
}
