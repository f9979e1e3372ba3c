using Guardian.Sgx.Measurement;

namespace Guardian.Cli.Enclaves;

/// <summary>An enclave that a file describes.</summary>
/// <param name="Kind"><c>sgxs</c>, <c>sigstruct</c> or <c>sdk</c>.</param>
/// <param name="Measured">MRENCLAVE of the file's pages; null where it has none.</param>
/// <param name="SigStruct">The vendor's signature; null where there is none.</param>
/// <param name="Sdk">The metadata of an enclave of the SDK.</param>
internal sealed record EnclaveFile(string Kind, MrEnclave? Measured, SigStruct? SigStruct, SdkEnclave? Sdk)
{
    // Enclaves of library operating systems have some hundred MiB.
    private const long MaxSize = 1024L * 1024 * 1024;

    /// <summary>What a quote will show.</summary>
    public MrEnclave MrEnclave => Measured ?? SigStruct!.EnclaveHash;

    /// <summary>Why the file is not what its signature says; null when it is, or when there is no signature.</summary>
    public string? Problem =>
        SigStruct is null ? null
        : !SigStruct.Verify() ? "the signature in its SIGSTRUCT is not good"
        : Measured is { } measured && measured != SigStruct.EnclaveHash ? $"it was signed as {SigStruct.EnclaveHash}, but measures {measured}"
        : null;

    /// <summary>Reads a file: a stream of measurements (SGXS), a SIGSTRUCT, or a shared object that Intel's SDK signed, as one or more enclaves.</summary>
    /// <exception cref="CliException">It is none of them.</exception>
    public static IReadOnlyList<EnclaveFile> Read(string path)
    {
        var size = new FileInfo(path).Length;
        if (size > MaxSize)
        {
            throw NoEnclave(path, $"it has {size} bytes; at most {MaxSize} are read");
        }
        var bytes = File.ReadAllBytes(path);
        if (bytes.AsSpan().StartsWith("ECREATE\0"u8))
        {
            return SgxsFile.TryMeasure(bytes, out var measured) is { } problem
                ? throw NoEnclave(path, problem.Detail)
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

    private static CliException NoEnclave(string path, string problem) => new(ExitCode.Refused, "no-enclave", $"{path} is no enclave: {problem}");
}
