using System.Buffers;
using System.Buffers.Text;
using System.Text;
using Guardian.Attestation.Quotes;
using Guardian.Cli.Failures;
using Guardian.Refusals;

namespace Guardian.Cli.Inputs;

/// <summary>Reads a quote as people have it: raw, in hexadecimal or in base64, from a file or from standard input.</summary>
internal static class QuoteFile
{
    // Hexadecimal takes two characters for each byte, and blanks may stand between them.
    private const int MaxTextSize = 4 * Quote.MaxSize;

    /// <summary>Reads the bytes of a quote, which may be malformed.</summary>
    /// <param name="path">The file; <c>-</c> is standard input.</param>
    public static byte[] Read(string path)
    {
        using var input = InputFile.Open(path);
        var bytes = new byte[MaxTextSize];
        return InputFile.Use(path, () => Decode(bytes.AsSpan(0, input.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false))));
    }

    /// <summary>Reads a quote.</summary>
    /// <exception cref="Refusals.RefusedException">The file holds no quote.</exception>
    public static Quote Parse(string path) => Parse(path, Read(path));

    /// <summary>Parses the bytes of a quote.</summary>
    /// <param name="path">The file that <see cref="Read"/> read.</param>
    /// <param name="bytes">Its bytes. Standard input can be read only once.</param>
    /// <exception cref="Refusals.RefusedException">The bytes are no quote.</exception>
    public static Quote Parse(string path, byte[] bytes)
    {
        var (quote, refusal) = Quote.TryParse(bytes);
        return quote ?? throw QuoteRefusals.Of(
            refusal!, $"{path} is no quote", refusal!.Location?.Offset is { } offset ? [$"at byte {offset}"] : []);
    }

    /// <summary>Decodes text. Bytes that are neither hexadecimal nor base64 stay as they are, and the verifier explains them.</summary>
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
