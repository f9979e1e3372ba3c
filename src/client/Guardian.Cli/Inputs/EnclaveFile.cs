using Guardian.Cli.Failures;
using Guardian.Refusals;
using Guardian.Sgx.Gramine;
using Guardian.Sgx.Measurement;

namespace Guardian.Cli.Inputs;

/// <summary>An enclave that a file describes.</summary>
/// <param name="Kind"><c>sgxs</c>, <c>sigstruct</c>, <c>sdk</c> or <c>gramine</c>.</param>
/// <param name="Measured">MRENCLAVE of the pages in the file; null for a SIGSTRUCT alone.</param>
/// <param name="SigStruct">The vendor's signature; null for an SGXS stream.</param>
/// <param name="Sdk">The metadata of Intel's SDK; null for other files.</param>
internal sealed record EnclaveFile(string Kind, MrEnclave? Measured, SigStruct? SigStruct, SdkEnclave? Sdk)
{
    // Enclaves of library operating systems have some hundred MiB.
    private const int MaxSize = 1024 * 1024 * 1024;

    /// <summary>The MRENCLAVE that a quote will show.</summary>
    public MrEnclave MrEnclave => Measured ?? SigStruct!.EnclaveHash;

    /// <summary>Why the file and its signature do not fit; null when they do, or when there is no signature.</summary>
    public string? Problem =>
        SigStruct is null ? null
        : !SigStruct.Verify() ? "the signature in its SIGSTRUCT is not good"
        : Measured is { } measured && measured != SigStruct.EnclaveHash
            ? $"it was signed as {SigStruct.EnclaveHash}, but measures {measured}"
        : null;

    /// <summary>Reads a stream of measurements (SGXS), a SIGSTRUCT, or a shared object that Intel's SDK signed as one or more
    /// enclaves.</summary>
    /// <exception cref="RefusedException">The file is missing, or is none of them.</exception>
    public static IReadOnlyList<EnclaveFile> Read(string path)
    {
        var bytes = InputFile.ReadBytes(path, MaxSize);
        if (bytes.AsSpan().StartsWith("ECREATE\0"u8))
        {
            return SgxsFile.TryMeasure(bytes, out var measured) is { } refusal
                ? throw NoEnclave(path, refusal.Detail)
                : [new EnclaveFile("sgxs", measured, null, null)];
        }
        if (bytes.AsSpan().StartsWith("\u007fELF"u8))
        {
            var (enclaves, refusal) = SdkEnclave.ReadAll(bytes);
            return enclaves is null
                ? throw NoEnclave(path, refusal!.Detail)
                : [.. enclaves.Select(enclave => new EnclaveFile("sdk", enclave.MrEnclave, enclave.SigStruct, enclave))];
        }
        return SigStruct.TryRead(bytes, out var sigStruct)
            ? [new EnclaveFile("sigstruct", null, sigStruct, null)]
            : throw NoEnclave(path, "it is no SGXS stream, no SIGSTRUCT and no shared object");
    }

    /// <summary>Whether a file is a manifest of Gramine, by its name.</summary>
    public static bool IsManifest(string path) =>
        path.EndsWith(".manifest.sgx", StringComparison.Ordinal) || path.EndsWith(".manifest", StringComparison.Ordinal);

    /// <summary>Measures the enclave of a manifest, and compares it with the signature beside it, if there is one.</summary>
    /// <param name="path">The manifest with the digests of its files, <c>NAME.manifest.sgx</c>.</param>
    /// <param name="platformLayer">Gramine's <c>sgx/libpal.so</c>.</param>
    /// <exception cref="RefusedException">A file is missing, or makes no enclave.</exception>
    public static EnclaveFile ReadManifest(string path, string platformLayer)
    {
        var manifest = InputFile.ReadBytes(path, GramineLayout.MaxManifestSize);
        var (settings, problem) = GramineManifest.Read(manifest);
        if (settings is null)
        {
            throw NoEnclave(path, problem!);
        }
        if (GramineLayout.TryMeasure(
            manifest, InputFile.ReadBytes(platformLayer, MaxSize), settings.Value, out var measured) is { } refusal)
        {
            throw NoEnclave(path, refusal.Detail);
        }
        var name = path[..path.LastIndexOf(".manifest", StringComparison.Ordinal)];
        SigStruct? signed = null;
        if (File.Exists($"{name}.sig") && !SigStruct.TryRead(InputFile.ReadBytes($"{name}.sig", MaxSize), out signed))
        {
            throw NoEnclave($"{name}.sig", "it is no SIGSTRUCT");
        }
        return new EnclaveFile("gramine", measured, signed, null);
    }

    private static RefusedException NoEnclave(string path, string problem) =>
        CliReasons.NoEnclave.Refuse($"{path} is no enclave: {problem}");
}
