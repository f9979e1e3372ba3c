using Guardian.Attestation.Envelopes;
using Guardian.Attestation.Quotes;
using Guardian.Cli.Failures;
using Guardian.Refusals;

namespace Guardian.Cli.Inputs;

/// <summary>Reads a quote as people have it: raw, in hexadecimal or in base64, from a file or from standard input.</summary>
internal static class QuoteFile
{
    /// <summary>Reads the bytes of a quote, which may be malformed.</summary>
    /// <param name="path">The file; <c>-</c> is standard input.</param>
    /// <returns>The bytes, or a refusal that names the form of another file.</returns>
    public static Outcome<byte[]> Read(string path)
    {
        using var input = InputFile.Open(path);
        var buffer = new byte[EnvelopeReader.MaxSize + 1];
        var bytes = buffer.AsMemory(
            0, InputFile.Use(path, () => input.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false)));
        var (envelope, refusal) = EnvelopeReader.Read(bytes);
        if (envelope is not null)
        {
            return envelope.Kind == EnvelopeKind.Quote
                ? envelope.Content.ToArray()
                : QuoteReasons.NoEnvelope.Because(
                    $"the input is a {envelope.Name}, no bare quote", new RefusalLocation(nameof(QuoteStage.Parse))) with
                {
                    Remedy = "verify it: guardian verify FILE",
                };
        }
        // The verifier explains bytes that begin like a quote.
        var decoded = EnvelopeReader.Decode(bytes.Span) ?? bytes.ToArray();
        return decoded is [] or [_] or [>= 3 and <= 5, 0, ..] ? decoded : refusal!;
    }

    /// <summary>Reads a quote.</summary>
    /// <exception cref="Refusals.RefusedException">The file holds no quote.</exception>
    public static Quote Parse(string path)
    {
        var (bytes, refusal) = Read(path);
        (var quote, refusal) = bytes is null ? new Outcome<Quote>(null, refusal) : Quote.TryParse(bytes);
        return quote ?? throw QuoteRefusals.Of(
            refusal!, $"{path} is no quote", refusal!.Location?.Offset is { } offset ? [$"at byte {offset}"] : []);
    }
}
