using System.Buffers.Text;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Guardian.Attestation.Quotes;
using Guardian.Refusals;

namespace Guardian.Attestation.Envelopes;

/// <summary>Verifies attestation results of other verifiers: JWTs with a signature (RFC 7519, RFC 8725). Thread-safe.</summary>
public static class TokenVerifier
{
    // Tokens hold claims and sometimes evidence; Azure's have about 10 KiB.
    private const int MaxSize = 1024 * 1024;
    private const int MaxCandidates = 8;

    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false, MaxDepth = 24 };

    // draft-ietf-rats-ear, 3.2: the tier as a word or as a number.
    private static readonly Dictionary<int, string> Tiers = new()
    {
        [0] = "none", [2] = "affirming", [32] = "warning", [96] = "contraindicated",
    };

    /// <summary>Verifies a token.</summary>
    /// <param name="token">The token, compact JWS.</param>
    /// <param name="keys">The issuer's keys. A key or an address inside the token is never used.</param>
    /// <param name="now">The instant at which it must be valid.</param>
    /// <returns>The token's content, or a refusal. Never throws for any content.</returns>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    public static Outcome<VerifiedToken> Verify(string token, TokenKeys keys, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(token);
        ArgumentNullException.ThrowIfNull(keys);
        if (token.Length > MaxSize || token.Split('.') is not [var header, var payload, var signature])
        {
            return Malformed("it is no compact JWS of three parts");
        }
        try
        {
            using var head = Parse(header);
            var (algorithm, id) = (FindText(head.RootElement, "alg") ?? "none", FindText(head.RootElement, "kid"));
            if (head.RootElement.TryGetProperty("crit", out _))
            {
                return Malformed("its header has critical members that Guardian does not know");
            }
            var candidates = keys.Find(algorithm, id).Take(MaxCandidates).ToList();
            if (candidates.Count == 0)
            {
                return QuoteReasons.UnknownTokenKey.At(
                    QuoteStage.Signature, $"no key of the issuer fits the algorithm '{algorithm}' and the key id '{id ?? "none"}'");
            }
            var content = Encoding.ASCII.GetBytes($"{header}.{payload}");
            var mark = Base64Url.DecodeFromChars(signature);
            if (candidates.Find(candidate => candidate.HasSigned(algorithm, content, mark)) is not { } key)
            {
                return QuoteReasons.BadSignature.At(QuoteStage.Signature, "the token was changed, or its issuer did not sign it");
            }
            if (key.FindFault(now) is { } fault)
            {
                return QuoteReasons.BadTokenKeys.At(
                    QuoteStage.Signature, $"the certificates of the issuer's key '{id ?? "none"}' do not verify: {fault}");
            }
            using var claims = Parse(payload);
            return Read(claims.RootElement, id, now);
        }
        catch (Exception failure) when (failure is JsonException or FormatException or InvalidOperationException
            or System.Security.Cryptography.CryptographicException or ArgumentOutOfRangeException)
        {
            return Malformed(failure.Message);
        }
    }

    private static JsonDocument Parse(string part)
    {
        var document = JsonDocument.Parse(Base64Url.DecodeFromChars(part), Strict);
        if (document.RootElement.ValueKind == JsonValueKind.Object)
        {
            return document;
        }
        document.Dispose();
        throw new FormatException("a part of it is no JSON object");
    }

    private static Outcome<VerifiedToken> Read(JsonElement claims, string? keyId, DateTimeOffset now)
    {
        var names = EarNames.Of(FindText(claims, "eat_profile"));
        var (start, end) = (FindInstant(claims, "nbf"), FindInstant(claims, "exp"));
        if (end is { } expiry && now >= expiry)
        {
            return QuoteReasons.Expired.At(QuoteStage.Signature, $"the token ended at {expiry:u}") with
            {
                Remedy = "ask its issuer for a new one",
            };
        }
        if (start is { } begin && now < begin)
        {
            return QuoteReasons.NotYetValid.At(QuoteStage.Signature, $"the token begins at {begin:u}");
        }
        var (kind, problem) = FindKind(claims, names);
        if (problem is not null)
        {
            return Malformed(problem);
        }
        return new VerifiedToken(
            kind, FindIssuer(claims, kind, names), keyId, FindInstant(claims, "iat"), end,
            AttesterClaims.FindNonces(claims, kind),
            claims.EnumerateObject().Where(claim => claim.Name is not ("submods" or "nbf" or "exp" or "iat"))
                .ToDictionary(claim => claim.Name, claim => Describe(claim.Value)),
            kind == TokenKind.Ear
                ? claims.GetProperty("submods").EnumerateObject().ToDictionary(each => each.Name, each => ReadTier(each.Value, names))
                : new Dictionary<string, string>())
        {
            PolicyIds = kind == TokenKind.Ear
                ? claims.GetProperty("submods").EnumerateObject().ToDictionary(each => each.Name, each => ReadPolicies(each.Value, names))
                : new Dictionary<string, IReadOnlyList<string>>(),
            IsDebug = AttesterClaims.SaysDebug(claims),
            TcbStatuses = AttesterClaims.FindStatuses(claims),
        };
    }

    // Issuers say in no common way which kind their token is, so that each kind is known by the claims that it must have. The verdict of an
    // EAR counts whatever else it claims.
    private static (TokenKind Kind, string? Problem) FindKind(JsonElement claims, EarNames names)
    {
        if (!claims.TryGetProperty("submods", out _) && FindText(claims, "iss") is not null)
        {
            if (FindText(claims, "x-ms-attestation-type") is not null || FindText(claims, "x-ms-ver") is not null)
            {
                return (TokenKind.Azure, null);
            }
            if (AttesterClaims.HasType(claims))
            {
                return (TokenKind.IntelTrustAuthority, null);
            }
        }
        var missing = new List<string>();
        if (FindText(claims, "eat_profile") is null)
        {
            missing.Add("eat_profile");
        }
        if (!claims.TryGetProperty(names.Verifier, out var verifier) || FindText(verifier, "developer") is null)
        {
            missing.Add(names.Verifier);
        }
        if (FindInstant(claims, "iat") is null)
        {
            missing.Add("iat");
        }
        if (names.WholeSeconds && FindFraction(claims) is { } fraction)
        {
            return (default, $"'{fraction}' has a fraction, which the profile forbids");
        }
        if (!claims.TryGetProperty("submods", out var submodules) || submodules.ValueKind != JsonValueKind.Object
            || !submodules.EnumerateObject().Any())
        {
            missing.Add("submods");
        }
        return missing.Count == 0
            ? (TokenKind.Ear, null)
            : (default, $"it is no token of Azure or of Intel Trust Authority, and as an EAR it lacks {string.Join(", ", missing)}");
    }

    private static string FindIssuer(JsonElement claims, TokenKind kind, EarNames names)
    {
        if (kind != TokenKind.Ear)
        {
            return FindText(claims, "iss")!;
        }
        var verifier = claims.GetProperty(names.Verifier);
        return $"{FindText(verifier, "developer")} {FindText(verifier, "build")}";
    }

    private static string ReadTier(JsonElement submodule, EarNames names)
    {
        if (submodule.ValueKind != JsonValueKind.Object || !submodule.TryGetProperty(names.Status, out var status))
        {
            throw new FormatException($"a submodule has no '{names.Status}'");
        }
        var word = status.ValueKind != JsonValueKind.Number ? FindText(submodule, names.Status)
            : status.TryGetInt32(out var number) ? Tiers.GetValueOrDefault(number)
            : null;
        return word is not null && Tiers.ContainsValue(word)
            ? word
            : throw new FormatException("the status of a submodule is none of none, affirming, warning, contraindicated");
    }

    // One identifier in drafts up to 02, then a list in the order of application.
    private static IReadOnlyList<string> ReadPolicies(JsonElement submodule, EarNames names) =>
        !submodule.TryGetProperty(names.Policies, out var policies) ? []
        : policies.ValueKind == JsonValueKind.Array
            ? [.. policies.EnumerateArray().Select(each => each.GetString() ?? throw new FormatException($"'{names.Policies}' has a null"))]
        : [policies.GetString() ?? throw new FormatException($"'{names.Policies}' is null")];

    private static string? FindFraction(JsonElement claims) =>
        new[] { "iat", "nbf", "exp" }.FirstOrDefault(name => claims.TryGetProperty(name, out var value) && !value.TryGetInt64(out _));

    private static string Describe(JsonElement value) =>
        value.ValueKind == JsonValueKind.String ? value.GetString()! : value.GetRawText();

    private static string? FindText(JsonElement owner, string member) =>
        owner.ValueKind == JsonValueKind.Object && owner.TryGetProperty(member, out var value) && value.ValueKind == JsonValueKind.String
            ? value.GetString()
            : null;

    // RFC 7519, 2: NumericDate may have a fraction.
    private static DateTimeOffset? FindInstant(JsonElement claims, string member)
    {
        if (!claims.TryGetProperty(member, out var value))
        {
            return null;
        }
        return value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var seconds)
            && seconds is >= 0 and < 253402300800
                ? DateTimeOffset.UnixEpoch.AddSeconds(seconds)
                : throw new FormatException(string.Create(CultureInfo.InvariantCulture, $"'{member}' is no instant"));
    }

    private static Refusal Malformed(string problem) =>
        QuoteReasons.BadToken.At(QuoteStage.Parse, $"the token cannot be used: {problem}");

    // The drafts from 03 on write underscores, and forbid fractions of seconds; earlier ones, and other profiles, have dots.
    private sealed record EarNames(string Verifier, string Status, string Policies, bool WholeSeconds)
    {
        private const string Prefix = "tag:ietf.org,2026:rats/ear#";

        private static readonly EarNames Present = new("ear_verifier_id", "ear_status", "ear_appraisal_policy_ids", true);
        private static readonly EarNames Former = new("ear.verifier-id", "ear.status", "ear.appraisal-policy-id", false);

        public static EarNames Of(string? profile) => profile?.StartsWith(Prefix, StringComparison.Ordinal) == true ? Present : Former;
    }
}
