using System.Security.Cryptography;
using Guardian.Sgx.Enclaves;
using Guardian.Sgx.Keys;
using Guardian.Sgx.Reports;

namespace Guardian.Sgx.Gramine;

/// <summary>
/// The hardware platform, as Gramine offers it to the process inside (<c>/dev/attestation</c>, Gramine manual, "Attestation and Secret
/// Provisioning"). Not yet tested on a machine with SGX. Thread-safe.
/// </summary>
/// <remarks>
/// Gramine has two seal keys of 128 bits, bound to MRENCLAVE and to MRSIGNER, and no others. <see cref="GetKey"/> therefore serves
/// <see cref="KeyName.Seal"/> with one of those two policies, and derives the key from Gramine's by AES-CMAC over the KEYREQUEST; an older
/// CPUSVN or ISVSVN
/// cannot be asked for.
/// </remarks>
public sealed class GramineEnclave : IEnclave
{
    // Intel's quotes with certificate chain have about 4.6 KiB.
    private const int MaxFileSize = 64 * 1024;

    private readonly string root;
    private readonly Lock gate = new();

    private GramineEnclave(string root)
    {
        this.root = root;
        var report = CreateReport(ReadFile("my_target_info", TargetInfo.Size), new byte[ReportBody.ReportDataSize]);
        Identity = ReportBody.TryRead(report.AsSpan(0, ReportBody.Size), out var body)
            ? body!
            : throw new InvalidDataException($"{root}/report holds no SGX report");
    }

    /// <inheritdoc/>
    public PlatformKind Platform => PlatformKind.Hardware;

    /// <inheritdoc/>
    public ReportBody Identity { get; }

    /// <summary>Opens the platform.</summary>
    /// <param name="root">The folder of Gramine's files.</param>
    /// <returns>The enclave; null when the process does not run under Gramine with DCAP attestation.</returns>
    /// <exception cref="IOException">A file cannot be read or written.</exception>
    /// <exception cref="InvalidDataException">A file has an unexpected content.</exception>
    public static GramineEnclave? TryOpen(string root = "/dev/attestation")
    {
        var type = Path.Combine(root, "attestation_type");
        return File.Exists(type) && File.ReadAllText(type).Trim('\0', '\n', ' ') == "dcap" ? new GramineEnclave(root) : null;
    }

    /// <summary>Gets a quote from the platform's quoting enclave.</summary>
    /// <param name="reportData">REPORTDATA, 64 bytes.</param>
    /// <returns>The quote.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="reportData"/> does not have 64 bytes.</exception>
    /// <exception cref="IOException">A file cannot be read or written.</exception>
    /// <exception cref="InvalidDataException">The quote is empty or too large.</exception>
    public byte[] CreateQuote(ReadOnlySpan<byte> reportData)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(reportData.Length, ReportBody.ReportDataSize, nameof(reportData));
        lock (gate)
        {
            File.WriteAllBytes(Path.Combine(root, "user_report_data"), reportData);
            return ReadFile("quote", null);
        }
    }

    /// <inheritdoc/>
    public byte[] CreateReport(ReadOnlySpan<byte> targetInfo, ReadOnlySpan<byte> reportData)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(targetInfo.Length, TargetInfo.Size, nameof(targetInfo));
        ArgumentOutOfRangeException.ThrowIfNotEqual(reportData.Length, ReportBody.ReportDataSize, nameof(reportData));
        // A report takes three files; another thread must not write them in between.
        lock (gate)
        {
            File.WriteAllBytes(Path.Combine(root, "target_info"), targetInfo);
            File.WriteAllBytes(Path.Combine(root, "user_report_data"), reportData);
            return ReadFile("report", LocalAttestation.ReportSize);
        }
    }

    /// <inheritdoc/>
    public KeyError GetKey(KeyRequest request, Span<byte> key)
    {
        ArgumentNullException.ThrowIfNull(request);
        key.Clear();
        if (request.Name != KeyName.Seal)
        {
            return KeyError.InvalidKeyName;
        }
        var name = request.Policy switch
        {
            KeyPolicy.MrEnclave => "keys/_sgx_mrenclave",
            KeyPolicy.MrSigner => "keys/_sgx_mrsigner",
            _ => null,
        };
        if (name is null)
        {
            return KeyError.InvalidAttribute;
        }
        var sealKey = ReadFile(name, AesCmac.Size);
        var inputs = new byte[KeyRequest.Size];
        request.Write(inputs);
        AesCmac.Compute(sealKey, inputs, key);
        CryptographicOperations.ZeroMemory(sealKey);
        return KeyError.Success;
    }

    /// <summary>Does nothing: the process keeps no resources.</summary>
    public void Dispose()
    {
    }

    private byte[] ReadFile(string name, int? size)
    {
        var path = Path.Combine(root, name);
        var bytes = File.ReadAllBytes(path);
        return bytes.Length == size || (size is null && bytes.Length is > 0 and <= MaxFileSize)
            ? bytes
            : throw new InvalidDataException($"{path} has {bytes.Length} bytes; is this Gramine with remote attestation 'dcap'?");
    }
}
