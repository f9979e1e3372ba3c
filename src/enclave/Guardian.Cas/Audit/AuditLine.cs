using System.Buffers.Text;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Guardian.Cas.Audit;

/// <summary>What everyone may read of an entry of the audit log.</summary>
/// <param name="Sequence">1 for the first entry, one more for each.</param>
/// <param name="Time">When, by the CAS's clock, which is its host's: RFC 3339.</param>
/// <param name="Event">What happened, a stable word.</param>
/// <param name="Previous">SHA-256 of the line before, lower-case hex; zeros in the first.</param>
/// <param name="Key">SHA-256 of the SubjectPublicKeyInfo that signs the line, lower-case hex.</param>
/// <param name="Statement">In an entry of a key's start: the statement that introduces the key, with a quote of the CAS.</param>
/// <param name="Sealed">Who did it to what, encrypted (<see cref="AuditDetail"/>).</param>
internal sealed record AuditPayload(long Sequence, string Time, string Event, string Previous, string Key, byte[]? Statement, byte[] Sealed);

/// <summary>The part of an entry that names sessions, secrets and people.</summary>
/// <param name="Subject">A session, <c>session/service</c> or what else it was done to.</param>
/// <param name="By">Who: a key's hash, or an enclave's measurement.</param>
/// <param name="Text">More, for people; holds no secret.</param>
/// <param name="Changes">Which rows of the store it wrote: by these, replicas follow each other.</param>
internal sealed record AuditDetail(string Subject, string By, string Text, IReadOnlyList<RowChange> Changes);

/// <summary>A row that was written.</summary>
/// <param name="Digest">The row's new digest, or null when it was removed.</param>
internal sealed record RowChange(string Kind, string Name, byte[]? Digest);

/// <summary>What the statement of a key's start says.</summary>
/// <param name="Key">SubjectPublicKeyInfo of the key that signs lines from here on; base64.</param>
/// <param name="Previous">The line before: the statement belongs to this place of this log.</param>
internal sealed record AuditStart(byte[] Key, long Sequence, string Previous);

/// <summary>
/// A line of the audit log: <c>payload.signature</c>, both base64url; the payload is JSON, the signature ECDSA P-256 with SHA-256 (r and s) over the first part.
/// </summary>
internal static class AuditLine
{
    /// <summary>The type of the statement that introduces a key.</summary>
    public const string StartType = "guardian-cas-audit-start+jws";

    /// <summary>The type of the statement that says where the log ends.</summary>
    public const string HeadType = "guardian-cas-audit-head+jws";

    /// <summary>The largest line, in bytes: a start carries a quote.</summary>
    public const int MaxSize = 64 * 1024;

    /// <summary>What comes before the first line.</summary>
    public static string Origin { get; } = new('0', 2 * SHA256.HashSizeInBytes);

    /// <summary>A row's name: names sort as numbers do.</summary>
    public static string NameOf(long sequence) => sequence.ToString("D16", CultureInfo.InvariantCulture);

    /// <summary>SHA-256 of a line, lower-case hex.</summary>
    public static string Hash(ReadOnlySpan<byte> line) => Convert.ToHexStringLower(SHA256.HashData(line));

    /// <summary>Signs an entry.</summary>
    public static byte[] Write(AuditPayload payload, ECDsa key)
    {
        var part = Encoding.ASCII.GetBytes(Base64Url.EncodeToString(JsonSerializer.SerializeToUtf8Bytes(payload, AuditJson.Default.AuditPayload)));
        return [.. part, (byte)'.', .. Encoding.ASCII.GetBytes(Base64Url.EncodeToString(key.SignData(part, HashAlgorithmName.SHA256)))];
    }

    /// <summary>Reads an entry without verifying it; null when it is malformed. Never throws for any content.</summary>
    public static (AuditPayload Payload, byte[] Signed, byte[] Signature)? TryRead(ReadOnlySpan<byte> line)
    {
        var dot = line.IndexOf((byte)'.');
        if (line.Length > MaxSize || dot < 0 || !Base64Url.IsValid(line[..dot], out _) || !Base64Url.IsValid(line[(dot + 1)..], out _))
        {
            return null;
        }
        try
        {
            return JsonSerializer.Deserialize(Base64Url.DecodeFromUtf8(line[..dot]), AuditJson.Default.AuditPayload) is { } payload
                ? (payload, line[..dot].ToArray(), Base64Url.DecodeFromUtf8(line[(dot + 1)..]))
                : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}

// Metadata: the generated fast path would write absent bytes as an empty text.
[JsonSourceGenerationOptions(JsonSerializerDefaults.Strict, PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, GenerationMode = JsonSourceGenerationMode.Metadata)]
[JsonSerializable(typeof(AuditPayload))]
[JsonSerializable(typeof(AuditDetail))]
[JsonSerializable(typeof(AuditStart))]
[JsonSerializable(typeof(AuditHead))]
internal sealed partial class AuditJson : JsonSerializerContext;
