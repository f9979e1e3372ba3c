using System.Globalization;
using System.Text.Json.Nodes;
using Guardian.Cli.Quotes;
using Guardian.Sgx;
using Guardian.Sgx.Measurement;

namespace Guardian.Cli.Enclaves;

/// <summary>How enclaves in files look to programs and to people.</summary>
internal static class EnclaveFileView
{
    /// <summary>Who it is.</summary>
    public static JsonObject Identity(EnclaveFile enclave)
    {
        var json = new JsonObject { ["kind"] = enclave.Kind, ["mrEnclave"] = enclave.MrEnclave.ToString() };
        if (enclave.SigStruct is { } signed)
        {
            json["mrSigner"] = signed.Signer.ToString();
            json["isvProdId"] = signed.IsvProdId;
            json["isvSvn"] = signed.IsvSvn;
        }
        return json;
    }

    /// <summary>Everything that the file says.</summary>
    public static JsonObject All(EnclaveFile enclave)
    {
        var json = Identity(enclave);
        if (enclave.SigStruct is { } signed)
        {
            json["debug"] = signed.Attributes.Flags.HasFlag(AttributeFlags.Debug);
            json["signature"] = signed.Verify() ? "good" : "bad";
            json["signedMrEnclave"] = signed.EnclaveHash.ToString();
            json["signer"] = Known(signed.Signer);
            json["date"] = signed.Date;
            json["vendor"] = string.Create(CultureInfo.InvariantCulture, $"0x{signed.Vendor:x}");
            json["attributes"] = Image(signed.Attributes);
            json["attributeMask"] = Image(signed.AttributeMask);
            json["miscSelect"] = signed.MiscSelect;
            json["miscMask"] = signed.MiscMask;
            json["isvFamilyId"] = QuoteView.Hex(signed.IsvFamilyId);
            json["isvExtProdId"] = QuoteView.Hex(signed.IsvExtProdId);
        }
        if (enclave.Sdk is { } sdk)
        {
            json["metadataVersion"] = string.Create(CultureInfo.InvariantCulture, $"0x{sdk.MetadataVersion:x}");
            json["enclaveSize"] = sdk.EnclaveSize;
        }
        json["problem"] = enclave.Problem;
        return json;
    }

    // Flags and XFRM as they lie in memory, in the order that SIGSTRUCT and quotes have them.
    private static string Image(EnclaveAttributes attributes)
    {
        var bytes = new byte[16];
        attributes.Write(bytes);
        return Convert.ToHexStringLower(bytes);
    }

    private static string? Known(MrSigner signer) => signer == MrSigner.SdkSample ? "the sample key of Intel's SDK, which everybody has: it identifies nobody"
        : signer.ToString() == "acb77012053e05a63d413b8bbae8fb6c5d73b3f2996d91c43bbbf90959c0f8d4" ? "Intel, for launch enclaves"
        : signer.ToString() == "8c4f5775d796503e96137f77c68a829a0056ac8ded70140b081b094490c57bff" ? "Intel, for quoting and provisioning enclaves"
        : signer.ToString() == "dc9e2a7c6f948f17474e34a7fc43ed030f7c1563f1babddf6340c82e0e54a8c5" ? "Intel, for the quoting enclave of trust domains"
        : null;
}
