using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Guardian.Attestation.Evidence;
using Guardian.Attestation.Launch;

namespace Guardian.Attestation.Statements;

/// <summary>
/// Signs statements inside an enclave, so that anyone can verify offline which code made them: JWS (RFC 7515, flattened JSON, ES256). The
/// protected header carries the key and a quote of it. Thread-safe.
/// </summary>
/// <remarks>
/// Report data of the quote: SHA-256(SubjectPublicKeyInfo of the key) || SHA-256(role and context). The header has both in clear.
/// </remarks>
public sealed class StatementSigner : IDisposable
{
    internal const string Algorithm = "ES256";

    private readonly ECDsa key;
    private readonly string quote;
    private readonly string evidence;
    private readonly Lock signing = new();

    private StatementSigner(ECDsa key, string quote, EvidenceContext context)
    {
        this.key = key;
        this.quote = quote;
        evidence = Base64Url.EncodeToString(context.Encoded.Span);
    }

    /// <summary>Makes a key inside the enclave and gets a quote of it.</summary>
    /// <param name="quotes">Makes the quote.</param>
    /// <param name="context">The role and context of the key.</param>
    /// <returns>The signer; the caller disposes it.</returns>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    public static StatementSigner Create(IQuoteProvider quotes, EvidenceContext context)
    {
        ArgumentNullException.ThrowIfNull(quotes);
        ArgumentNullException.ThrowIfNull(context);
        var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var quote = quotes.CreateQuote([.. SHA256.HashData(key.ExportSubjectPublicKeyInfo()), .. context.ComputeBinding()]);
        return new StatementSigner(key, Base64Url.EncodeToString(quote), context);
    }

    /// <summary>Signs a payload.</summary>
    /// <param name="payload">JSON, UTF-8; the statement contains it byte for byte.</param>
    /// <param name="type">The type of the statement, for example <c>guardian-room-answer+jws</c>.</param>
    /// <returns>The statement, JSON.</returns>
    public byte[] Sign(ReadOnlySpan<byte> payload, string type)
    {
        var point = key.ExportParameters(false).Q;
        var jwk = new JsonWebKey("P-256", "EC", Base64Url.EncodeToString(point.X), Base64Url.EncodeToString(point.Y));
        var header = new StatementHeader(Algorithm, type, jwk, quote, evidence);
        var protectedPart = Base64Url.EncodeToString(JsonSerializer.SerializeToUtf8Bytes(header, StatementJson.Default.StatementHeader));
        var payloadPart = Base64Url.EncodeToString(payload);
        byte[] signature;
        lock (signing)
        {
            signature = key.SignData(Encoding.ASCII.GetBytes($"{protectedPart}.{payloadPart}"), HashAlgorithmName.SHA256);
        }
        return JsonSerializer.SerializeToUtf8Bytes(
            new JwsDocument(payloadPart, protectedPart, Base64Url.EncodeToString(signature)), StatementJson.Default.JwsDocument);
    }

    /// <inheritdoc/>
    public void Dispose() => key.Dispose();
}
