using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Guardian.Attestation.Evidence;
using Guardian.Attestation.Pki;
using Guardian.Attestation.Quotes;
using Guardian.Attestation.Verification;
using Guardian.Refusals;

namespace Guardian.Attestation.Statements;

/// <summary>A statement with a verified signature and a verified quote. Immutable.</summary>
/// <param name="Quote">The verified quote of the signing key.</param>
/// <param name="Context">The role and context that the enclave bound to the key.</param>
/// <param name="Type">The type of the statement, for example <c>guardian-room-answer+jws</c>.</param>
/// <param name="Payload">The signed JSON, byte for byte.</param>
public sealed record VerifiedStatement(VerifiedQuote Quote, EvidenceContext Context, string Type, ReadOnlyMemory<byte> Payload);

/// <summary>Verifies statements down to the quote, offline. A policy decides whether the enclave is accepted. Thread-safe.</summary>
public static class StatementVerifier
{
    /// <summary>
    /// The largest statement that is read, in bytes: a room's activation list is padded to the largest size that its contract allows.
    /// </summary>
    public const int MaxSize = 64 * 1024 * 1024;

    /// <summary>Verifies a statement.</summary>
    /// <param name="jws">The statement exactly as received, JSON; at most <see cref="MaxSize"/> bytes.</param>
    /// <param name="now">The instant at which the quote's certificates must be valid.</param>
    /// <param name="verifier">Verifies the quote.</param>
    /// <returns>The statement, or a refusal that names the first failed stage. Never throws for any content.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="verifier"/> is null.</exception>
    public static Outcome<VerifiedStatement> Verify(ReadOnlySpan<byte> jws, DateTimeOffset now, EvidenceVerifier verifier)
    {
        ArgumentNullException.ThrowIfNull(verifier);
        if (jws.Length > MaxSize
            || !TryRead(jws, out var document, out var header)
            || header.Algorithm != StatementSigner.Algorithm
            || header.Key is not { KeyType: "EC", Curve: "P-256" }
            || !TryDecode(header.Key.X, out var x) || x.Length != 32
            || !TryDecode(header.Key.Y, out var y) || y.Length != 32
            || !TryDecode(header.Evidence, out var evidence) || EvidenceContext.TryRead(evidence) is not { } context
            || !TryDecode(header.Quote, out var quoteBytes)
            || !TryDecode(document.Payload, out var payload)
            || !TryDecode(document.Signature, out var signature) || signature.Length != P256Key.Size)
        {
            return QuoteReasons.BadStatement.At(
                QuoteStage.Parse, "this is no statement of a Guardian enclave (JWS, ES256, with key and quote)");
        }
        var (quote, refusal) = verifier.VerifyEnclave(quoteBytes, now);
        if (quote is null)
        {
            return refusal!;
        }
        byte[] key = [.. x, .. y];
        byte[] expected = [.. SHA256.HashData(P256Key.WriteInfo(key)), .. context.ComputeBinding()];
        if (!CryptographicOperations.FixedTimeEquals(expected, quote.ReportData.Span))
        {
            return QuoteReasons.KeyNotBound.At(QuoteStage.KeyBinding, "the statement's quote belongs to another key, role or context");
        }
        return P256Key.Verify(key, Encoding.ASCII.GetBytes($"{document.Protected}.{document.Payload}"), signature)
            ? new VerifiedStatement(quote, context, header.Type, payload)
            : QuoteReasons.BadSignature.At(QuoteStage.Signature, "the statement was altered after it was signed");
    }

    private static bool TryRead(
        ReadOnlySpan<byte> jws, [NotNullWhen(true)] out JwsDocument? document, [NotNullWhen(true)] out StatementHeader? header)
    {
        header = null;
        try
        {
            document = JsonSerializer.Deserialize(jws, StatementJson.Default.JwsDocument);
            header = document is not null && TryDecode(document.Protected, out var json)
                ? JsonSerializer.Deserialize(json, StatementJson.Default.StatementHeader)
                : null;
        }
        catch (JsonException)
        {
            document = null;
        }
        return document is not null && header is not null;
    }

    private static bool TryDecode(string text, out byte[] bytes)
    {
        bytes = [];
        if (!Base64Url.IsValid(text, out var size))
        {
            return false;
        }
        bytes = new byte[size];
        return Base64Url.TryDecodeFromChars(text, bytes, out _);
    }
}
