using Guardian.Attestation.Envelopes;
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
        return InputFile.Use(path, () =>
        {
            var read = bytes.AsSpan(0, input.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false));
            // The verifier explains bytes that are no text.
            return EnvelopeReader.Decode(read) ?? read.ToArray();
        });
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
}
