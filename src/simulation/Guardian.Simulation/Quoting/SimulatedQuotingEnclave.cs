using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Guardian.Attestation.Launch;
using Guardian.Attestation.Pki;
using Guardian.Attestation.Quotes;
using Guardian.Files.Durable;
using Guardian.Sgx;
using Guardian.Sgx.Enclaves;
using Guardian.Sgx.Keys;
using Guardian.Sgx.Measurement;
using Guardian.Sgx.Reports;
using Guardian.Simulation.Processor;

namespace Guardian.Simulation.Quoting;

/// <summary>
/// The quoting enclave of a simulated machine, and its provisioning certification: checks the report of an enclave of the same machine, and
/// signs a quote with an attestation key that the machine's PCK certifies. Thread-safe.
/// </summary>
internal sealed class SimulatedQuotingEnclave : IDisposable
{
    public const ushort PceSvn = 1;

    private const int UserDataSize = 20;

    // The enclave's image. Its SIGSTRUCT is a resource whose private key was destroyed, so MRSIGNER can be pinned.
    private static readonly byte[] Code = Encoding.UTF8.GetBytes("Guardian simulated quoting enclave, version 1");

    private readonly SimulatedEnclave enclave;
    private readonly ECDsa attestationKey;
    private readonly byte[] qeId;
    private readonly byte[] certification;
    private readonly Lock signing = new();

    private SimulatedQuotingEnclave(SimulatedEnclave enclave, ECDsa attestationKey, byte[] qeId, byte[] certification)
    {
        this.enclave = enclave;
        this.attestationKey = attestationKey;
        this.qeId = qeId;
        this.certification = certification;
    }

    /// <summary>The identity that verifiers require.</summary>
    public static QuotingEnclaveIdentity ExpectedIdentity { get; } = new(
        LoadSigStruct().Signer, IsvProdId: 1, MinimumIsvSvn: 1,
        Attributes: new EnclaveAttributes(AttributeFlags.Init | AttributeFlags.Mode64Bit | AttributeFlags.ProvisionKey, 3),
        AttributesMask: new EnclaveAttributes((AttributeFlags)ulong.MaxValue, 3),
        MiscSelect: 0, MiscSelectMask: uint.MaxValue);

    /// <summary>TARGETINFO of the enclave on every simulated machine.</summary>
    public static byte[] Target
    {
        get
        {
            var signed = LoadSigStruct();
            return TargetInfo.Of(new ReportBody
            {
                CpuSvn = new byte[KeyRequest.CpuSvnSize],
                MiscSelect = signed.MiscSelect,
                CetAttributes = signed.CetAttributes,
                IsvExtProdId = signed.IsvExtProdId,
                Attributes = signed.Attributes with { Flags = signed.Attributes.Flags | AttributeFlags.Init },
                MrEnclave = signed.EnclaveHash,
                MrSigner = signed.Signer,
                IsvProdId = signed.IsvProdId,
                IsvSvn = signed.IsvSvn,
                IsvFamilyId = signed.IsvFamilyId,
            });
        }
    }

    /// <summary>ISVSVN of the enclave.</summary>
    public ushort IsvSvn => enclave.Identity.IsvSvn;

    /// <summary>The identifier that its quotes carry, 16 bytes.</summary>
    public ReadOnlyMemory<byte> Id => qeId;

    internal static EnclaveImage Image => EnclaveImage.FromBytes(Code);

    /// <summary>Launches it on a machine; the first launch provisions the machine.</summary>
    public static SimulatedQuotingEnclave Open(SimulatedPlatform machine)
    {
        var enclave = machine.Launch(Image, LoadSigStruct());
        var provisioned = Provision(machine);
        using var pckKey = ECDsa.Create();
        pckKey.ImportFromPem(provisioned.Key);
        var attestationKey = LoadAttestationKey(enclave, machine.Directory);
        return new SimulatedQuotingEnclave(
            enclave, attestationKey, SHA256.HashData(provisioned.Chain)[..16], Certify(enclave, attestationKey, pckKey, provisioned.Chain));
    }

    /// <summary>Returns a provider of quotes of an enclave of the same machine.</summary>
    public IQuoteProvider ProviderFor(IEnclave application) => new Provider(this, application);

    /// <summary>Makes a quote of a report.</summary>
    /// <returns>The quote, or null when the report is not of this machine, or is for another enclave.</returns>
    public byte[]? Quote(ReadOnlySpan<byte> report)
    {
        if (!LocalAttestation.VerifyReport(enclave, report))
        {
            return null;
        }
        var signed = new byte[48 + ReportBody.Size];
        BinaryPrimitives.WriteUInt16LittleEndian(signed, 3);
        BinaryPrimitives.WriteUInt16LittleEndian(signed.AsSpan(2), 2);
        BinaryPrimitives.WriteUInt16LittleEndian(signed.AsSpan(8), enclave.Identity.IsvSvn);
        BinaryPrimitives.WriteUInt16LittleEndian(signed.AsSpan(10), PceSvn);
        Guardian.Attestation.Quotes.Quote.IntelVendorId.CopyTo(signed.AsSpan(12));
        qeId.CopyTo(signed.AsSpan(28, UserDataSize));
        report[..ReportBody.Size].CopyTo(signed.AsSpan(48));

        byte[] signature;
        lock (signing)
        {
            signature = attestationKey.SignData(signed, HashAlgorithmName.SHA256);
        }
        byte[] data = [.. signature, .. P256Key.Export(attestationKey), .. certification];
        var size = new byte[sizeof(uint)];
        BinaryPrimitives.WriteInt32LittleEndian(size, data.Length);
        return [.. signed, .. size, .. data];
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        attestationKey.Dispose();
        enclave.Dispose();
    }

    // The signature data after the attestation key is the same for every quote.
    private static byte[] Certify(SimulatedEnclave enclave, ECDsa attestationKey, ECDsa pckKey, byte[] chain)
    {
        // The authentication data that Intel's quoting enclave writes: 0, 1, 2 … 31.
        var authentication = Enumerable.Range(0, 32).Select(number => (byte)number).ToArray();
        var reportData = new byte[ReportBody.ReportDataSize];
        SHA256.HashData([.. P256Key.Export(attestationKey), .. authentication], reportData);

        var report = enclave.CreateReport(TargetInfo.Of(enclave.Identity), reportData).AsSpan(0, ReportBody.Size);
        var signature = pckKey.SignData(report, HashAlgorithmName.SHA256);
        var sizes = new byte[8];
        BinaryPrimitives.WriteUInt16LittleEndian(sizes, (ushort)authentication.Length);
        BinaryPrimitives.WriteUInt16LittleEndian(sizes.AsSpan(2), 5);
        BinaryPrimitives.WriteInt32LittleEndian(sizes.AsSpan(4), chain.Length);
        return [.. report, .. signature, .. sizes[..2], .. authentication, .. sizes[2..], .. chain];
    }

    private static (string Key, byte[] Chain) Provision(SimulatedPlatform machine)
    {
        var path = Path.Combine(machine.Directory, "pck.pem");
        var text = Encoding.ASCII.GetString(DurableFile.ReadOrCreate(
            path, () => Encoding.ASCII.GetBytes(SimulatedPki.Provision(RandomNumberGenerator.GetBytes(16), machine.CpuSvn.Span))));
        return PemEncoding.TryFind(text, out var key)
            ? (text[key.Location], Encoding.ASCII.GetBytes(text[key.Location.End..].TrimStart()))
            : throw new InvalidDataException($"{path} is damaged; restore it, or use another machine directory");
    }

    private static ECDsa LoadAttestationKey(SimulatedEnclave enclave, string directory)
    {
        var path = Path.Combine(directory, "attestation-key.sealed");
        var blob = DurableFile.ReadOrCreate(path, () =>
        {
            using var created = ECDsa.Create(ECCurve.NamedCurves.nistP256);
            return Sealing.Seal(enclave, KeyPolicy.MrEnclave, created.ExportPkcs8PrivateKey());
        });
        if (!Sealing.TryUnseal(enclave, blob, default, out var pkcs8))
        {
            throw new InvalidDataException(
                $"{path} was sealed on another machine or is damaged; restore it, or use another machine directory");
        }
        var key = ECDsa.Create();
        key.ImportPkcs8PrivateKey(pkcs8, out _);
        CryptographicOperations.ZeroMemory(pkcs8);
        return key;
    }

    private static SigStruct LoadSigStruct()
    {
        using var resource = typeof(SimulatedQuotingEnclave).Assembly.GetManifestResourceStream("quoting-enclave.sigstruct")!;
        var bytes = new byte[SigStruct.Size];
        resource.ReadExactly(bytes);
        return SigStruct.TryRead(bytes, out var sigStruct)
            ? sigStruct!
            : throw new InvalidOperationException("the quoting enclave's SIGSTRUCT is damaged");
    }

    private sealed class Provider(SimulatedQuotingEnclave quotingEnclave, IEnclave application) : IQuoteProvider
    {
        public byte[] CreateQuote(ReadOnlySpan<byte> reportData)
        {
            var report = application.CreateReport(TargetInfo.Of(quotingEnclave.enclave.Identity), reportData);
            return quotingEnclave.Quote(report)
                ?? throw new InvalidOperationException("the enclave and the quoting enclave are on different machines");
        }
    }
}
