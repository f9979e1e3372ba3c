using System.Buffers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Guardian.Attestation.Policy;

/// <summary>
/// Identifies policies: SHA-256 of a JSON text without white space, with each member in a fixed place and each list in ordinal order
/// (docs/reference/quotes.md).
/// </summary>
internal static class PolicyDigest
{
    public static string Of(AttestationPolicy policy) => $"sha256:{Convert.ToHexStringLower(SHA256.HashData(Write(policy)))}";

    internal static byte[] Write(AttestationPolicy policy) => WriteObject(json =>
    {
        json.WriteStartArray("attestation");
        foreach (var identity in policy.Identities.Select(Write).Select(Encoding.UTF8.GetString).Distinct().Order(StringComparer.Ordinal))
        {
            json.WriteRawValue(identity);
        }
        json.WriteEndArray();
        WriteList(json, "platforms", policy.Platforms.Select(AttestationPolicy.WordOf));
        json.WriteBoolean("debug", policy.AllowDebug);
        WriteList(json, "statuses", policy.Statuses.Select(status => status.ToString()));
        WriteList(json, "ignored_advisories", policy.IgnoredAdvisories.Select(advisory => advisory.ToUpperInvariant()));
        json.WriteNumber("evaluation_min", policy.MinimumEvaluation);
        json.WriteNumber("grace_seconds", (long)policy.Grace.TotalSeconds);
    });

    private static byte[] Write(AcceptedIdentity identity) => WriteObject(json =>
    {
        if (identity.IsAnyone)
        {
            json.WriteBoolean("anyone", true);
            return;
        }
        WriteNonEmpty(json, "mrenclave", identity.MrEnclaves.Select(each => each.ToString()));
        if (identity.MrSigner is { } signer)
        {
            json.WriteString("mrsigner", signer.ToString());
        }
        if (identity.IsvProdId is { } product)
        {
            json.WriteNumber("isvprodid", product);
        }
        if (identity.MinimumIsvSvn is { } minimum)
        {
            json.WriteNumber("isvsvn_min", minimum);
        }
        if (identity.MaximumIsvSvn is { } maximum)
        {
            json.WriteNumber("isvsvn_max", maximum);
        }
        if (!identity.ConfigId.IsEmpty)
        {
            json.WriteString("configid", Hex(identity.ConfigId));
        }
        if (identity.TrustDomain is { } td)
        {
            WriteList(json, "mrtd", td.MrTds.Select(Hex));
            WriteNonEmpty(json, "rtmr0", td.Rtmr0.Select(Hex));
            WriteNonEmpty(json, "rtmr1", td.Rtmr1.Select(Hex));
            WriteNonEmpty(json, "rtmr2", td.Rtmr2.Select(Hex));
            WriteNonEmpty(json, "rtmr3", td.Rtmr3.Select(Hex));
            WriteNonEmpty(json, "mrseam", td.MrSeams.Select(Hex));
            WriteNonEmpty(json, "tdattributes", td.Attributes.Select(AcceptedTrustDomain.Describe));
            WriteNonEmpty(json, "xfam", td.Xfams.Select(AcceptedTrustDomain.Describe));
            WriteNonEmpty(json, "mrconfigid", td.MrConfigIds.Select(Hex));
            WriteNonEmpty(json, "mrowner", td.MrOwners.Select(Hex));
            WriteNonEmpty(json, "mrownerconfig", td.MrOwnerConfigs.Select(Hex));
        }
        if (identity.SnpGuest is { } guest)
        {
            Write(json, guest);
        }
    });

    private static void Write(Utf8JsonWriter json, AcceptedSnpGuest guest)
    {
        WriteList(json, "measurement", guest.Measurements.Select(Hex));
        WriteNonEmpty(json, "host_data", guest.HostData.Select(Hex));
        WriteNonEmpty(json, "id_key_digest", guest.IdKeyDigests.Select(Hex));
        WriteNonEmpty(json, "guest_policy", guest.GuestPolicies.Select(AcceptedTrustDomain.Describe));
        json.WriteNumber("vmpl_max", guest.MaximumVmpl);
        json.WriteNumber("guest_svn_min", guest.MinimumGuestSvn);
        if (guest.MinimumTcb is { } tcb)
        {
            json.WriteString("tcb_min", tcb.ToString());
        }
    }

    private static byte[] WriteObject(Action<Utf8JsonWriter> members)
    {
        var bytes = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(bytes))
        {
            json.WriteStartObject();
            members(json);
            json.WriteEndObject();
        }
        return bytes.WrittenSpan.ToArray();
    }

    private static void WriteNonEmpty(Utf8JsonWriter json, string name, IEnumerable<string> values)
    {
        if (values.Any())
        {
            WriteList(json, name, values);
        }
    }

    private static void WriteList(Utf8JsonWriter json, string name, IEnumerable<string> values)
    {
        json.WriteStartArray(name);
        foreach (var value in values.Distinct().Order(StringComparer.Ordinal))
        {
            json.WriteStringValue(value);
        }
        json.WriteEndArray();
    }

    private static string Hex(ReadOnlyMemory<byte> bytes) => Convert.ToHexStringLower(bytes.Span);
}
