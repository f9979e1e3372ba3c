using System.Security.Cryptography;
using Guardian.Sgx.Keys;

namespace Guardian.Sgx.Gramine;

/// <summary>
/// The hardware platform, as Gramine offers it to the process inside (<c>/dev/attestation</c>, Gramine manual, "Attestation and Secret
/// Provisioning"). Unproven: no machine with SGX was at hand. Thread-safe.
/// </summary>
/// <remarks>
/// Gramine gives two seal keys of 128 bits, bound to MRENCLAVE and to MRSIGNER, and no others. <see cref="GetKey"/> therefore serves
/// <see cref="KeyName.Seal"/> with one of those two policies, and derives the key from Gramine's by AES-CMAC over the KEYREQUEST; an older
/// CPUSVN or ISVSVN
/// cannot be asked for.
/// </remarks>
public sealed class GramineEnclave : IEnclave
{
    // Intel's quotes with certificate chain have some 4.6 KiB.
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

    /// <summary>Opens the platform; null when the process does not run under Gramine with DCAP attestation.</summary>
    /// <param name="root">Where Gramine shows its files.</param>
    public static GramineEnclave? TryOpen(string root = "/dev/attestation")
    {
        var type = Path.Combine(root, "attestation_type");
        return File.Exists(type) && File.ReadAllText(type).Trim('\0', '\n', ' ') == "dcap" ? new GramineEnclave(root) : null;
    }

    /// <summary>A quote of the platform's own quoting enclave.</summary>
    /// <param name="reportData">64 bytes.</param>
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
        // Three files make one report: no other thread may come between.
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

    /// <summary>Nothing is held.</summary>
    public void Dispose()
    {
    }

    private byte[] ReadFile(string name, int? size)
    {
        var path = Path.Combine(root, name);
        var bytes = File.ReadAllBytes(path);
        return size is null
            ? bytes.Length is > 0 and <= MaxFileSize ? bytes
            : throw Wrong(path, bytes) : bytes.Length == size ? bytes : throw Wrong(path, bytes);
    }

    private static InvalidDataException Wrong(string path, byte[] bytes) =>
        new($"{path} gave {bytes.Length} bytes; is this Gramine with remote attestation 'dcap'?");
}
