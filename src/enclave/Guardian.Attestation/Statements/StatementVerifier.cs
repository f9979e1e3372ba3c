using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Guardian.Attestation.Evidence;
using Guardian.Attestation.Pki;
using Guardian.Attestation.Quotes;
using Guardian.Attestation.Verification;

namespace Guardian.Attestation.Statements;

/// <summary>A statement whose signature and quote were verified.</summary>
/// <param name="Quote">The verified quote of the signing key.</param>
/// <param name="Context">The role and context that the enclave bound to the key.</param>
/// <param name="Type">What it states.</param>
/// <param name="Payload">JSON as it was signed.</param>
public sealed record VerifiedStatement(VerifiedQuote Quote, EvidenceContext Context, string Type, ReadOnlyMemory<byte> Payload);

/// <summary>A verified statement, or the first link that failed.</summary>
public readonly record struct StatementVerdict(VerifiedStatement? Statement, QuoteFailure? Failure)
{
    /// <summary>Whether every link holds.</summary>
    [MemberNotNullWhen(true, nameof(Statement))]
    [MemberNotNullWhen(false, nameof(Failure))]
    public bool IsVerified => Statement is not null;
}

/// <summary>Verifies statements down to the quote, offline. Whether the enclave is welcome is the policy's to say.</summary>
public static class StatementVerifier
{
    /// <summary>The largest statement that is read, in bytes: a room's activation list is padded to the most that its contract allows.</summary>
    public const int MaxSize = 64 * 1024 * 1024;

    /// <summary>Verifies a statement.</summary>
    /// <param name="jws">The statement as it was received.</param>
    /// <param name="now">The instant at which the quote's certificates must be valid.</param>
    /// <param name="verifier">Verifies the quote.</param>
    /// <returns>The statement, or the first failed stage. Never throws for any content.</returns>
    public static StatementVerdict Verify(ReadOnlySpan<byte> jws, DateTimeOffset now, EvidenceVerifier verifier)
    {
        ArgumentNullException.ThrowIfNull(verifier);
        if (jws.Length > MaxSize
            || !TryRead(jws, out var document, out var header)
            || header.Algorithm != StatementSigner.Algorithm
            || header.Key is not { KeyType: "EC", Curve: "P-256" }
            || !TryDecode(header.Key.X, out var x) || x.Length != 32
            || !TryDecode(header.Key.Y, out var y) || y.Length != 32
            || !TryDecode(header.Evidence, out var evidence) || EvidenceContext.TryRead(evidence) is not { } context
            || !TryDecode(header.Quote, out var quote)
            || !TryDecode(document.Payload, out var payload)
            || !TryDecode(document.Signature, out var signature) || signature.Length != P256Key.Size)
        {
            return Fail(QuoteStage.Parse, "bad-statement", "this is no statement of a Guardian enclave (JWS, ES256, with key and quote)");
        }
        var verdict = verifier.Verify(quote, now);
        if (!verdict.IsVerified)
        {
            return new StatementVerdict(null, verdict.Failure);
        }
        byte[] key = [.. x, .. y];
        var reportData = verdict.Quote.ReportData;
        byte[] expected = [.. SHA256.HashData(P256Key.WriteInfo(key)), .. context.ComputeBinding()];
        if (!CryptographicOperations.FixedTimeEquals(expected, reportData.Span))
        {
            return Fail(QuoteStage.KeyBinding, "key-not-bound", "the statement's quote belongs to another key, role or context");
        }
        return P256Key.Verify(key, Encoding.ASCII.GetBytes($"{document.Protected}.{document.Payload}"), signature)
            ? new StatementVerdict(new VerifiedStatement(verdict.Quote, context, header.Type, payload), null)
            : Fail(QuoteStage.Signature, "bad-signature", "the statement was altered after it was signed");
    }

    private static bool TryRead(ReadOnlySpan<byte> jws, [NotNullWhen(true)] out JwsDocument? document, [NotNullWhen(true)] out StatementHeader? header)
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

    private static StatementVerdict Fail(QuoteStage stage, string reason, string detail) => new(null, new QuoteFailure(stage, reason, detail));
}
