using System.Security.Cryptography;
using Guardian.Refusals;
using Guardian.Runtime.Base;
using Guardian.Runtime.Images;
using Guardian.Runtime.Start;
using Guardian.Wasi;

namespace Guardian.Runtime.Run;

/// <summary>The program that this enclave runs, if the CAS admits it.</summary>
/// <param name="Digest">SHA-256 of the program or of its image, 64 lower-case hex digits: the session's <c>program</c>.</param>
internal sealed record HostedProgram(string Digest)
{
    /// <summary>The native code in this enclave's measurement; null if the host brings a module.</summary>
    public CompiledProgram? Compiled { get; private init; }

    /// <summary>The module that the host brings, in WebAssembly's binary form.</summary>
    public byte[] Module { get; private init; } = [];

    /// <summary>The other files of the image.</summary>
    public IReadOnlyList<ImageFile> Files { get; private init; } = [];

    /// <summary>Loads the program of this enclave's folder, or else that of the host's options.</summary>
    /// <exception cref="RefusedException">The program cannot be used.</exception>
    /// <exception cref="IOException">A file cannot be read.</exception>
    public static HostedProgram Load(RuntimeOptions options)
    {
        var hasFiles = options.IsImage || options.Tree is not null;
        if (CompiledProgram.Find(AppContext.BaseDirectory) is { } compiled)
        {
            return !hasFiles
                ? new HostedProgram(compiled.Digest) { Compiled = compiled, Files = ReadCompiledFiles(compiled) }
                : throw new RefusedException(RuntimeReasons.BadOptions.Because("this enclave runs only the program compiled for it") with
                {
                    Remedy = "start it without --oci and --tree",
                });
        }
        if (hasFiles)
        {
            var read = options.Tree is { } tree ? ProgramTree.Read(tree, options.Program) : OciImage.Read(options.Program);
            var image = read.Value ?? throw new RefusedException(read.Refusal!);
            return new HostedProgram(image.Digest) { Module = image.Program, Files = image.Files };
        }
        var module = File.ReadAllBytes(options.Program);
        return new HostedProgram(Convert.ToHexStringLower(SHA256.HashData(module))) { Module = module };
    }

    // The measurement covers the layout as it covers the code, but not which of its images is meant.
    private static IReadOnlyList<ImageFile> ReadCompiledFiles(CompiledProgram compiled)
    {
        var folder = Path.Combine(AppContext.BaseDirectory, CompiledProgram.ImageFolder);
        if (!Directory.Exists(folder))
        {
            return [];
        }
        var read = OciImage.Read(folder);
        var image = read.Value ?? throw new RefusedException(read.Refusal!);
        return image.Digest == compiled.Digest
            ? image.Files
            : throw new RefusedException(RuntimeReasons.BadImage.Because($"the native code in {folder} is not of this image"));
    }
}
