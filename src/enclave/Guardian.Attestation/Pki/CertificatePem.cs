using System.Security.Cryptography;
using System.Text;

namespace Guardian.Attestation.Pki;

/// <summary>Reads certificates and revocation lists from PEM and from the other encodings that collateral services use.</summary>
internal static class CertificatePem
{
    // The longest answer of Intel's services has 130 blocks. Each block without an end costs a search through the whole text.
    private const int MaxBlocks = 256;

    /// <summary>The label of certificates (RFC 7468, 5.1).</summary>
    public const string Label = "CERTIFICATE";

    /// <summary>Finds the first block of a PEM text; none in a text with more blocks than any file has.</summary>
    public static bool TryFind(ReadOnlySpan<char> text, out PemFields fields)
    {
        fields = default;
        return text.Count("-----BEGIN ") <= MaxBlocks && PemEncoding.TryFind(text, out fields);
    }

    /// <summary>Reads the certificates of a PEM text, in order; null stands for a block that is no certificate.</summary>
    /// <param name="pem">The text; a NUL may follow.</param>
    /// <param name="most">Reading stops after this number of blocks.</param>
    public static List<Certificate?> ReadAll(ReadOnlySpan<byte> pem, int most) =>
        ReadBlocks(Encoding.Latin1.GetString(pem.TrimEnd((byte)0)), most).ConvertAll(Read);

    /// <summary>Reads the blocks of a PEM text, in order; the content of a malformed one is empty.</summary>
    /// <param name="pem">The text.</param>
    /// <param name="most">Reading stops after this number of blocks.</param>
    public static List<(string Label, byte[] Content)> ReadBlocks(ReadOnlySpan<char> pem, int most)
    {
        var blocks = new List<(string, byte[])>();
        while (blocks.Count < most && TryFind(pem, out var fields))
        {
            blocks.Add((pem[fields.Label].ToString(), Decode(pem, fields) ?? []));
            pem = pem[fields.Location.End..];
        }
        return blocks;
    }

    /// <summary>Reads a block as a certificate; null if it is none.</summary>
    public static Certificate? Read((string Label, byte[] Content) block) =>
        block.Label == Label ? Certificate.TryRead(block.Content) : null;

    /// <summary>Reads a revocation list in DER, PEM, hex or base64; null when it is none of them.</summary>
    public static RevocationList? ReadRevocationList(ReadOnlyMemory<byte> bytes)
    {
        if (bytes.Length is 0 or > 3 * RevocationList.MaxSize)
        {
            return null;
        }
        if (bytes.Span[0] == 0x30 && RevocationList.TryRead(bytes) is { } list)
        {
            return list;
        }
        var text = Encoding.Latin1.GetString(bytes.Span).AsSpan().Trim("\0 \r\n");
        if (TryFind(text, out var fields))
        {
            return text[fields.Label] is "X509 CRL" && Decode(text, fields) is { } der ? RevocationList.TryRead(der) : null;
        }
        // As tools that wrap lines write it.
        text = text.ContainsAny('\r', '\n') ? text.ToString().ReplaceLineEndings("") : text;
        var decoded = new byte[text.Length];
        var isDecoded = Convert.FromHexString(text, decoded, out _, out var size) == System.Buffers.OperationStatus.Done
            || Convert.TryFromBase64Chars(text, decoded, out size);
        return isDecoded ? RevocationList.TryRead(decoded.AsMemory(0, size)) : null;
    }

    private static byte[]? Decode(ReadOnlySpan<char> text, PemFields fields)
    {
        var der = new byte[fields.DecodedDataLength];
        return Convert.TryFromBase64Chars(text[fields.Base64Data], der, out _) ? der : null;
    }
}
