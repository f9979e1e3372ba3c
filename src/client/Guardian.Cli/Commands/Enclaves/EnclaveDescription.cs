using System.Globalization;
using System.Text.Json.Serialization;
using Guardian.Cli.Inputs;
using Guardian.Cli.Output;
using Guardian.Sgx;
using Guardian.Sgx.Measurement;

namespace Guardian.Cli.Commands.Enclaves;

/// <summary>Everything that an enclave's file states. Values of a signature or of Intel's SDK are null in other files.</summary>
internal record EnclaveDescription : EnclaveIdentity
{
    internal EnclaveDescription(EnclaveFile enclave) : base(enclave)
    {
        if (enclave.SigStruct is { } signed)
        {
            Debug = signed.Attributes.Flags.HasFlag(AttributeFlags.Debug);
            Signature = signed.Verify() ? "good" : "bad";
            SignedMrEnclave = signed.EnclaveHash.ToString();
            Signer = DescribeSigner(signed.Signer);
            Date = signed.Date;
            Vendor = string.Create(CultureInfo.InvariantCulture, $"0x{signed.Vendor:x}");
            Attributes = ToHex(signed.Attributes);
            AttributeMask = ToHex(signed.AttributeMask);
            MiscSelect = signed.MiscSelect;
            MiscMask = signed.MiscMask;
            CetAttributes = signed.CetAttributes;
            CetAttributesMask = signed.CetAttributesMask;
            IsvFamilyId = Format.Hex(signed.IsvFamilyId);
            IsvExtProdId = Format.Hex(signed.IsvExtProdId);
        }
        if (enclave.Sdk is { } sdk)
        {
            MetadataVersion = string.Create(CultureInfo.InvariantCulture, $"0x{sdk.MetadataVersion:x}");
            EnclaveSize = sdk.EnclaveSize;
        }
        Problem = enclave.Problem;
    }

    public bool? Debug { get; }

    /// <summary><c>good</c> or <c>bad</c>.</summary>
    public string? Signature { get; }

    public string? SignedMrEnclave { get; }

    /// <summary>A well-known signer in words.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public string? Signer { get; }

    public string? Date { get; }

    public string? Vendor { get; }

    public string? Attributes { get; }

    public string? AttributeMask { get; }

    public uint? MiscSelect { get; }

    public uint? MiscMask { get; }

    public byte? CetAttributes { get; }

    public byte? CetAttributesMask { get; }

    public string? IsvFamilyId { get; }

    public string? IsvExtProdId { get; }

    public string? MetadataVersion { get; }

    /// <summary>Bytes.</summary>
    public ulong? EnclaveSize { get; }

    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public string? Problem { get; }

    // Flags and XFRM in memory order, as SIGSTRUCT and quotes have them.
    private static string ToHex(EnclaveAttributes attributes)
    {
        var bytes = new byte[16];
        attributes.Write(bytes);
        return Convert.ToHexStringLower(bytes);
    }

    private static string? DescribeSigner(MrSigner signer) => signer.ToString() switch
    {
        _ when signer == Guardian.Sgx.Measurement.MrSigner.SdkSample =>
            "the sample key of Intel's SDK, which everybody has: it identifies nobody",
        "acb77012053e05a63d413b8bbae8fb6c5d73b3f2996d91c43bbbf90959c0f8d4" => "Intel, for launch enclaves",
        "8c4f5775d796503e96137f77c68a829a0056ac8ded70140b081b094490c57bff" => "Intel, for quoting and provisioning enclaves",
        "dc9e2a7c6f948f17474e34a7fc43ed030f7c1563f1babddf6340c82e0e54a8c5" => "Intel, for the quoting enclave of trust domains",
        _ => null,
    };
}
