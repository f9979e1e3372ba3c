using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Guardian.Attestation.Launch;
using Guardian.Attestation.RaTls;

namespace Guardian.Attestation.Statements;

/// <summary>
/// Signs statements inside an enclave, so that anyone can verify offline which code made them: JWS (RFC 7515, flattened JSON, ES256). The
/// protected header carries the key and a quote of it. Thread-safe.
/// </summary>
/// <remarks>Report data of the quote: SHA-256(SubjectPublicKeyInfo of the key) || binding.</remarks>
public sealed class StatementSigner : IDisposable
{
    internal const string Algorithm = "ES256";

    private readonly ECDsa key;
    private readonly string quote;
    private readonly Lock signing = new();

    private StatementSigner(ECDsa key, string quote)
    {
        this.key = key;
        this.quote = quote;
    }

    /// <summary>Makes a key inside the enclave and gets a quote of it.</summary>
    /// <param name="quotes">Makes the quote.</param>
    /// <param name="binding">32 bytes; in a room, the contract's hash.</param>
    /// <returns>The signer; the caller disposes it.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="quotes"/> is null.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="binding"/> does not have 32 bytes.</exception>
    public static StatementSigner Create(IQuoteProvider quotes, ReadOnlySpan<byte> binding)
    {
        ArgumentNullException.ThrowIfNull(quotes);
        ArgumentOutOfRangeException.ThrowIfNotEqual(binding.Length, RaTlsCertificate.BindingSize, nameof(binding));
        var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var quote = quotes.CreateQuote([.. SHA256.HashData(key.ExportSubjectPublicKeyInfo()), .. binding]);
        return new StatementSigner(key, Base64Url.EncodeToString(quote));
    }

    /// <summary>Signs a payload.</summary>
    /// <param name="payload">JSON, UTF-8; the statement contains it byte for byte.</param>
    /// <param name="type">The type of the statement, for example <c>guardian-room-answer+jws</c>.</param>
    /// <returns>The statement, JSON.</returns>
    public byte[] Sign(ReadOnlySpan<byte> payload, string type)
    {
        var point = key.ExportParameters(false).Q;
        var header = new StatementHeader(
            Algorithm, type, new JsonWebKey("P-256", "EC", Base64Url.EncodeToString(point.X), Base64Url.EncodeToString(point.Y)), quote);
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
