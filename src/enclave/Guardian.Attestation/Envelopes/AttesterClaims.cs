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

    private static IEnumerable<JsonProperty> Find(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Object => value.EnumerateObject().SelectMany(member => Find(member.Value).Prepend(member)),
        JsonValueKind.Array => value.EnumerateArray().SelectMany(Find),
        _ => [],
    };

    private static bool IsText(JsonElement value, string text) =>
        value.ValueKind == JsonValueKind.String && string.Equals(value.GetString(), text, StringComparison.OrdinalIgnoreCase);
}
