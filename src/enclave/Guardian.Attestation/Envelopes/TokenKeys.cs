using System.Buffers.Text;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using System.Text.Json.Serialization;
using Guardian.Attestation.Collateral;
using Guardian.Attestation.Identity;
using Guardian.Attestation.Pki;
using Guardian.Attestation.Quotes;
using Guardian.Refusals;

namespace Guardian.Attestation.Envelopes;

/// <summary>The keys of a token's issuer (RFC 7517), which the relying party trusts. Immutable and thread-safe.</summary>
public sealed class TokenKeys
{
    private const int MaxKeys = 64;
    private const int MaxCertificates = 8;

    // RFC 7518, 3.3 and 3.5.
    private const int MinRsaBits = 2048;
    private const int MaxRsaBits = 8192;

    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false, MaxDepth = 8 };

    private readonly List<TokenKey> keys;

    private TokenKeys(List<TokenKey> keys) => this.keys = keys;

    /// <summary>The number of keys.</summary>
    public int Count => keys.Count;

    /// <summary>Writes the set of one verifier's key, for relying parties.</summary>
    /// <param name="key">The key; its private half is not written.</param>
    /// <returns>The set, JSON.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="key"/> is null.</exception>
    public static byte[] Write(IdentityKey key)
    {
        ArgumentNullException.ThrowIfNull(key);
        // The point is the last part of SubjectPublicKeyInfo (RFC 5480, 2.2): 0x04, x, y.
        var point = key.SubjectPublicKeyInfo.AsSpan()[^P256Key.Size..];
        return JsonSerializer.SerializeToUtf8Bytes(
            new WrittenKeys([new WrittenKey(
                "EC", "P-256", Base64Url.EncodeToString(point[..(P256Key.Size / 2)]),
                Base64Url.EncodeToString(point[(P256Key.Size / 2)..]), key.Thumbprint, "ES256", "sig")]),
            TokenKeysJson.Default.WrittenKeys);
    }

    /// <summary>Reads a set of keys. Keys that sign no tokens, and keys of forms that are not known here, are left out (RFC 7517,
    /// 5).</summary>
    /// <param name="json">The set, JSON.</param>
    /// <returns>The keys, or a refusal: also if none is left. Never throws for any content.</returns>
    public static Outcome<TokenKeys> Read(ReadOnlyMemory<byte> json)
    {
        try
        {
            using var document = JsonDocument.Parse(JsonText.WithoutMark(json), Strict);
            if (document.RootElement is not { ValueKind: JsonValueKind.Object } root || !root.TryGetProperty("keys", out var list)
                || list.ValueKind != JsonValueKind.Array)
            {
                return Refuse("it is no JSON object with a list 'keys' (JWKS)");
            }
            if (list.GetArrayLength() is 0 or > MaxKeys)
            {
                return Refuse($"it has {list.GetArrayLength()} keys, and 1 to {MaxKeys} are read");
            }
            var problems = new List<string>();
            var keys = list.EnumerateArray().Select(entry => TryReadKey(entry, problems)).OfType<TokenKey>().ToList();
            return keys.Count > 0
                ? new TokenKeys(keys)
                : Refuse($"none of its keys verifies tokens: {string.Join("; ", problems.Distinct())}");
        }
        catch (JsonException failure)
        {
            return Refuse($"it is no JSON of a set of keys (JWKS): {failure.Message}");
        }
    }

    /// <summary>The keys that fit the header of a token.</summary>
    internal IEnumerable<TokenKey> Find(string algorithm, string? id) => keys.Where(key =>
        (id is null || key.Id == id) && (key.Algorithm is null || key.Algorithm == algorithm) && key.Fits(algorithm));

    private static TokenKey? TryReadKey(JsonElement entry, List<string> problems)
    {
        try
        {
            return ReadKey(entry);
        }
        catch (Exception failure) when (failure is InvalidOperationException or FormatException or CryptographicException)
        {
            problems.Add(failure.Message);
            return null;
        }
    }

    private static TokenKey ReadKey(JsonElement entry)
    {
        if (entry.ValueKind != JsonValueKind.Object || !MayVerify(entry))
        {
            throw new FormatException("a key is for another use");
        }
        var id = FindText(entry, "kid");
        var algorithm = FindText(entry, "alg");
        var chain = entry.TryGetProperty("x5c", out var list)
            ? list.EnumerateArray().Select(each => Convert.FromBase64String(each.GetString() ?? "")).ToList()
            : [];
        return FindText(entry, "kty") switch
        {
            "RSA" => new TokenKey(id, algorithm, FindText(entry, "n") is { } modulus
                ? new RSAParameters { Modulus = Decode(modulus), Exponent = Decode(FindText(entry, "e") ?? "AQAB") }
                : ReadRsa(chain), null, chain),
            "EC" => new TokenKey(id, algorithm, null, new ECParameters
            {
                Curve = FindText(entry, "crv") switch
                {
                    "P-256" => ECCurve.NamedCurves.nistP256,
                    "P-384" => ECCurve.NamedCurves.nistP384,
                    "P-521" => ECCurve.NamedCurves.nistP521,
                    _ => throw new FormatException("a key is on a curve other than P-256, P-384 and P-521"),
                },
                Q = new ECPoint { X = Decode(FindText(entry, "x")), Y = Decode(FindText(entry, "y")) },
            }, chain),
            var other => throw new FormatException($"a key is of the kind '{other}', not RSA or EC"),
        };
    }

    // RFC 7517, 4.2 and 4.3.
    private static bool MayVerify(JsonElement entry) =>
        FindText(entry, "use") is null or "sig"
        && (!entry.TryGetProperty("key_ops", out var operations) || operations.EnumerateArray().Any(each => each.ValueEquals("verify")));

    private static RSAParameters ReadRsa(List<byte[]> chain)
    {
        using var leaf = X509CertificateLoader.LoadCertificate(
            chain.FirstOrDefault() ?? throw new FormatException("an RSA key has no 'n'"));
        using var key = leaf.GetRSAPublicKey() ?? throw new FormatException("the certificate of an RSA key has another key");
        return key.ExportParameters(includePrivateParameters: false);
    }

    private static byte[] Decode(string? text) => Base64Url.DecodeFromChars(text ?? throw new FormatException("a key lacks a coordinate"));

    private static string? FindText(JsonElement owner, string member) =>
        owner.TryGetProperty(member, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static Refusal Refuse(string problem) =>
        QuoteReasons.BadTokenKeys.At(QuoteStage.Parse, $"the issuer's keys cannot be read: {problem}");

    /// <summary>A key that signs tokens.</summary>
    internal sealed record TokenKey(string? Id, string? Algorithm, RSAParameters? Rsa, ECParameters? Curve, IReadOnlyList<byte[]> Chain)
    {
        /// <summary>Whether the key is of the kind of the algorithm.</summary>
        public bool Fits(string algorithm) => algorithm switch
        {
            "RS256" or "RS384" or "RS512" or "PS256" or "PS384" or "PS512" =>
                Rsa?.Modulus?.Length * 8 is >= MinRsaBits and <= MaxRsaBits,
            "ES256" => IsOn(ECCurve.NamedCurves.nistP256),
            "ES384" => IsOn(ECCurve.NamedCurves.nistP384),
            "ES512" => IsOn(ECCurve.NamedCurves.nistP521),
            // Neither 'none' nor an algorithm with a shared key: everybody knows the issuer's public key.
            _ => false,
        };

        /// <summary>Whether the key signed some bytes.</summary>
        public bool HasSigned(string algorithm, byte[] content, byte[] signature)
        {
            var hash = algorithm[^3..] switch
            {
                "256" => HashAlgorithmName.SHA256,
                "384" => HashAlgorithmName.SHA384,
                _ => HashAlgorithmName.SHA512,
            };
            try
            {
                if (Curve is { } point)
                {
                    using var key = ECDsa.Create(point);
                    return key.VerifyData(content, signature, hash);
                }
                using var rsa = RSA.Create(Rsa!.Value);
                return rsa.VerifyData(
                    content, signature, hash, algorithm[0] == 'P' ? RSASignaturePadding.Pss : RSASignaturePadding.Pkcs1);
            }
            catch (CryptographicException)
            {
                // The key is no point of its curve, or the signature has a wrong length.
                return false;
            }
        }

        /// <summary>Finds the fault of the certificates of a key; null when they hold, or when it has none.</summary>
        public string? FindFault(DateTimeOffset now)
        {
            if (Chain.Count == 0)
            {
                return null;
            }
            if (Chain.Count > MaxCertificates)
            {
                return $"it has more than {MaxCertificates} certificates";
            }
            var certificates = Chain.Select(X509CertificateLoader.LoadCertificate).ToList();
            try
            {
                using var rsa = certificates[0].GetRSAPublicKey();
                using var curve = certificates[0].GetECDsaPublicKey();
                if (!IsKey(rsa, curve))
                {
                    return "its first certificate has another key";
                }
                using var chain = new X509Chain();
                chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
                chain.ChainPolicy.CustomTrustStore.Add(certificates[^1]);
                chain.ChainPolicy.ExtraStore.AddRange(certificates.ToArray());
                chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
                chain.ChainPolicy.DisableCertificateDownloads = true;
                chain.ChainPolicy.VerificationTime = now.UtcDateTime;
                return chain.Build(certificates[0])
                    ? null
                    : string.Join("; ", chain.ChainStatus.Select(status => status.StatusInformation.TrimEnd('.')));
            }
            finally
            {
                certificates.ForEach(certificate => certificate.Dispose());
            }
        }

        private bool IsKey(RSA? rsa, ECDsa? curve)
        {
            if (Rsa is { } expected)
            {
                return rsa?.ExportParameters(false) is { } found
                    && found.Modulus.AsSpan().SequenceEqual(expected.Modulus) && found.Exponent.AsSpan().SequenceEqual(expected.Exponent);
            }
            return Curve is { } point && curve?.ExportParameters(false).Q is { } other
                && other.X.AsSpan().SequenceEqual(point.Q.X) && other.Y.AsSpan().SequenceEqual(point.Q.Y);
        }

        private bool IsOn(ECCurve curve) => Curve?.Curve.Oid.Value == curve.Oid.Value;
    }
}

/// <summary>A set of keys as it is published (RFC 7517).</summary>
internal sealed record WrittenKeys([property: JsonPropertyName("keys")] IReadOnlyList<WrittenKey> Keys);

internal sealed record WrittenKey(
    [property: JsonPropertyName("kty")] string Type,
    [property: JsonPropertyName("crv")] string Curve,
    [property: JsonPropertyName("x")] string X,
    [property: JsonPropertyName("y")] string Y,
    [property: JsonPropertyName("kid")] string Id,
    [property: JsonPropertyName("alg")] string Algorithm,
    [property: JsonPropertyName("use")] string Use);

[JsonSerializable(typeof(WrittenKeys))]
internal sealed partial class TokenKeysJson : JsonSerializerContext;
