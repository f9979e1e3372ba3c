using System.Text.Json;

namespace Guardian.Attestation.Envelopes;

/// <summary>Finds what a token of another verifier says about its attester. Verifiers put it at the top, or into an object for each part
/// (Azure: <c>x-ms-isolation-tee</c>, Intel Trust Authority: <c>tdx</c>), so that all objects are searched.</summary>
/// <remarks>An attester's own data may be among them. It can only speak against itself.</remarks>
internal static class AttesterClaims
{
    private const string Status = "attester_tcb_status";
    private const string Type = "attester_type";

    // RFC 9711, 4.2.9.
    private const string DebugStatus = "dbgstat";

    /// <summary>Whether a part of the attester can be debugged: <c>sgx_is_debuggable</c>, <c>x-ms-sevsnpvm-is-debuggable</c>, and so
    /// on.</summary>
    public static bool SaysDebug(JsonElement claims) => Find(claims).Any(claim => claim.Name == DebugStatus
        ? IsText(claim.Value, "enabled")
        : (claim.Name.Replace('-', '_').EndsWith("is_debuggable", StringComparison.Ordinal) || claim.Name == "tdx_td_attributes_debug")
            && (claim.Value.ValueKind == JsonValueKind.True || IsText(claim.Value, "true")));

    /// <summary>Intel's statuses of the attester's TCB.</summary>
    public static IReadOnlyList<string> FindStatuses(JsonElement claims) =>
        [.. Find(claims).Where(claim => claim.Name == Status).Select(claim => claim.Value.ToString()).Distinct()];

    /// <summary>Whether the token has the attester's kind, as those of Intel Trust Authority have.</summary>
    public static bool HasType(JsonElement claims) => claims.EnumerateObject().Any(claim => claim.Name == Type
        ? claim.Value.ValueKind == JsonValueKind.String
        : claim.Value.ValueKind == JsonValueKind.Object && claim.Value.TryGetProperty(Type, out _));

    /// <summary>The nonces of those who asked for the token.</summary>
    // RFC 9711, 4.1: a text, or a list of texts. Intel Trust Authority makes nonces itself, and repeats their values, in newer tokens
    // inside each part. Names of data that an attester gives begin with "attester_".
    public static IReadOnlyList<string> FindNonces(JsonElement claims, TokenKind kind) => kind switch
    {
        TokenKind.Azure => TextsOf(claims, "nonce"),
        TokenKind.Ear => TextsOf(claims, "eat_nonce"),
        _ =>
        [
            .. claims.EnumerateObject().Where(part => !part.Name.StartsWith("attester_", StringComparison.Ordinal))
                .Select(part => part.Value).Where(part => part.ValueKind == JsonValueKind.Object).Prepend(claims)
                .Where(part => part.TryGetProperty("verifier_nonce", out var nonce) && nonce.ValueKind == JsonValueKind.Object)
                .SelectMany(part => TextsOf(part.GetProperty("verifier_nonce"), "val")).Distinct(),
        ],
    };

    private static IReadOnlyList<string> TextsOf(JsonElement owner, string member) =>
        !owner.TryGetProperty(member, out var value) ? []
        : value.ValueKind == JsonValueKind.String ? [value.GetString()!]
        : value.ValueKind == JsonValueKind.Array && value.EnumerateArray().All(each => each.ValueKind == JsonValueKind.String)
            ? [.. value.EnumerateArray().Select(each => each.GetString()!)]
        : [];

    private static IEnumerable<JsonProperty> Find(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Object => value.EnumerateObject().SelectMany(member => Find(member.Value).Prepend(member)),
        JsonValueKind.Array => value.EnumerateArray().SelectMany(Find),
        _ => [],
    };

    private static bool IsText(JsonElement value, string text) =>
        value.ValueKind == JsonValueKind.String && string.Equals(value.GetString(), text, StringComparison.OrdinalIgnoreCase);
}
