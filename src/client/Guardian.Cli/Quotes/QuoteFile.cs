using System.Buffers;
using System.Buffers.Text;
using System.Text;
using Guardian.Attestation.Quotes;

namespace Guardian.Cli.Quotes;

/// <summary>Reads a quote as people have it: raw, in hex or in base64; from a file, or from standard input for <c>-</c>.</summary>
internal static class QuoteFile
{
    // In hex a quote is twice as long; white space may stand between.
    private const int MaxTextSize = 4 * Quote.MaxSize;

    public static byte[] Read(string path)
    {
        using var input = path == "-" ? Console.OpenStandardInput() : File.OpenRead(path);
        var bytes = new byte[MaxTextSize];
        return Decode(bytes.AsSpan(0, input.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false)));
    }

    /// <summary>What is neither hex nor base64 is taken as it is: the verifier says what is wrong with it.</summary>
    internal static byte[] Decode(ReadOnlySpan<byte> bytes)
    {
        if (bytes.ContainsAnyExceptInRange((byte)'\t', (byte)'~'))
        {
            return bytes.ToArray();
        }
        var text = string.Concat(Encoding.ASCII.GetString(bytes).Where(character => !char.IsWhiteSpace(character)));
        var hex = text.StartsWith("0x", StringComparison.OrdinalIgnoreCase) ? text[2..] : text;
        var decoded = new byte[text.Length];
        if (hex.Length % 2 == 0 && Convert.FromHexString(hex, decoded, out _, out var size) == OperationStatus.Done
            || Convert.TryFromBase64String(text, decoded, out size)
            || Base64Url.IsValid(text) && Base64Url.TryDecodeFromChars(text, decoded, out size))
        {
            return decoded[..size];
        }
        return bytes.ToArray();
    }
}
