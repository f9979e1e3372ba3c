using System.Buffers;
using System.Buffers.Text;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Guardian.Cas.Client.Protocol;

namespace Guardian.Cas.Client.Audit;

/// <summary>The public part of an entry of the audit log.</summary>
/// <param name="Sequence">1 for the first entry, one more for each.</param>
/// <param name="Time">When, by the clock of the CAS's host; RFC 3339.</param>
/// <param name="Event">The event, a stable word.</param>
/// <param name="Previous">SHA-256 of the line before, lower-case hex; zeros in the first.</param>
/// <param name="Key">SHA-256 of the SubjectPublicKeyInfo that signs the line, lower-case hex.</param>
/// <param name="Statement">In the first entry of a key: the statement that introduces it, with a quote of the CAS; else null.</param>
/// <param name="Owners">In an entry that makes people the owners, or deals them shares of a new key: these owners; else null.</param>
/// <param name="Approved">In an entry by which the owners approve code: its MRENCLAVE, 64 lower-case hex digits; else null.</param>
/// <param name="Sealed">The encrypted <see cref="AuditDetail"/>.</param>
internal sealed record AuditPayload(
    long Sequence, string Time, string Event, string Previous, string Key, byte[]? Statement, AuditOwners? Owners, string? Approved,
    byte[] Sealed)
{
    /// <summary>Whether the entry changes who may write the log, who owns the CAS, or the key of its store.</summary>
    [JsonIgnore]
    public bool IsAboutTrust => Statement is not null || Owners is not null || Approved is not null;
}

/// <summary>
/// The owners as the log names them, in the clear. An enclave signs them, so the key of the store is not enough to forge them.
/// </summary>
/// <param name="Keys">SubjectPublicKeyInfo of each owner's key, base64.</param>
/// <param name="Threshold">How many of them act together.</param>
/// <param name="Predecessor">The hash of the owners before them; null for the first owners.</param>
/// <param name="Witness">The CAS that must confirm each change from here on; null for none.</param>
/// <param name="Shares">SHA-256 of the row with the shares that were dealt to them, lower-case hex.</param>
internal sealed record AuditOwners(
    IReadOnlyList<string> Keys, int Threshold, string? Predecessor, WitnessDescription? Witness, string Shares);

/// <summary>The part of an entry that names sessions, secrets and people.</summary>
/// <param name="Subject">A session, <c>session/service</c> or other thing that was acted on.</param>
/// <param name="By">The caller: a key's hash, or an enclave's measurement.</param>
/// <param name="Text">More, for people; holds no secret.</param>
/// <param name="Changes">The rows of the store that were written. Other replicas follow by these.</param>
internal sealed record AuditDetail(string Subject, string By, string Text, IReadOnlyList<RowChange> Changes);

/// <summary>A written row.</summary>
/// <param name="Kind">The row's kind.</param>
/// <param name="Name">The row's name.</param>
/// <param name="Digest">The row's new digest; null when it was removed.</param>
internal sealed record RowChange(string Kind, string Name, byte[]? Digest);

/// <summary>The content of the statement that introduces a key.</summary>
/// <param name="Key">SubjectPublicKeyInfo of the key that signs lines from here on; base64.</param>
/// <param name="Sequence">The number of the entry that carries the statement.</param>
/// <param name="Previous">SHA-256 of the line before: it ties the statement to this place of this log.</param>
/// <param name="StoreKey">Commits to the key of the store, 32 bytes: nobody can show this log with another key.</param>
/// <param name="Origin">How this enclave came by the key: <c>made</c>, <c>joined</c>, <c>upgraded</c> or <c>recovered</c>.</param>
internal sealed record AuditStart(byte[] Key, long Sequence, string Previous, byte[] StoreKey, string Origin);

/// <summary>
/// A line of the audit log: <c>payload.signature</c>, both base64url. The payload is JSON; the signature is ECDSA P-256 with SHA-256
/// (r and s) over the first part.
/// </summary>
internal static class AuditLine
{
    /// <summary>The type of the statement that introduces a key.</summary>
    public const string StartType = "guardian-cas-audit-start+jws";

    /// <summary>The type of the statement of where the log ends.</summary>
    public const string HeadType = "guardian-cas-audit-head+jws";

    /// <summary>The event of an enclave that starts.</summary>
    public const string Started = "started";

    /// <summary>The event of a store that was opened by its owners' shares, and has a new key from there on.</summary>
    public const string Recovered = "recovered";

    /// <summary>The largest line, in bytes: a start carries a quote.</summary>
    public const int MaxSize = 64 * 1024;

    // The JSON of lines whose details are not unusually long.
    private const int PlainSize = 4096;

    /// <summary>Stands for the hash of the line before the first.</summary>
    public static string Origin { get; } = new('0', 2 * SHA256.HashSizeInBytes);

    /// <summary>Names the row of an entry; the names sort as the numbers do.</summary>
    public static string NameOf(long sequence) => sequence.ToString("D16", CultureInfo.InvariantCulture);

    /// <summary>Hashes a line: SHA-256, lower-case hex.</summary>
    public static string Hash(ReadOnlySpan<byte> line) => Convert.ToHexStringLower(SHA256.HashData(line));

    /// <summary>Signs an entry.</summary>
    public static byte[] Write(AuditPayload payload, ECDsa key)
    {
        var json = JsonSerializer.SerializeToUtf8Bytes(payload, AuditJson.Default.AuditPayload);
        var part = Encoding.ASCII.GetBytes(Base64Url.EncodeToString(json));
        return [.. part, (byte)'.', .. Encoding.ASCII.GetBytes(Base64Url.EncodeToString(key.SignData(part, HashAlgorithmName.SHA256)))];
    }

    /// <summary>
    /// Reads the number of an entry and the hash of the line before it, and nothing else; null when they are not there. Never throws for
    /// any content.
    /// </summary>
    public static (long Sequence, string Previous)? TryReadLink(ReadOnlySpan<byte> line)
    {
        var dot = line.IndexOf((byte)'.');
        if (line.Length > MaxSize || dot < 0 || !Base64Url.IsValid(line[..dot], out _))
        {
            return null;
        }
        var reader = new Utf8JsonReader(Base64Url.DecodeFromUtf8(line[..dot]));
        (long? sequence, string? previous) = (null, null);
        try
        {
            while (reader.Read() && (sequence is null || previous is null))
            {
                if (reader.CurrentDepth != 1 || reader.TokenType != JsonTokenType.PropertyName)
                {
                    continue;
                }
                var (isSequence, isPrevious) = (reader.ValueTextEquals("sequence"u8), reader.ValueTextEquals("previous"u8));
                if (!reader.Read())
                {
                    break;
                }
                sequence = isSequence && reader.TokenType == JsonTokenType.Number && reader.TryGetInt64(out var number) ? number : sequence;
                previous = isPrevious && reader.TokenType == JsonTokenType.String ? reader.GetString() : previous;
            }
        }
        catch (Exception failure) when (failure is JsonException or InvalidOperationException)
        {
            return null;
        }
        return sequence is null || previous is null ? null : (sequence.Value, previous);
    }

    /// <summary>
    /// Whether a line is the next one after another, and changes nobody's rights. Most lines are so, and a large log has a million of them,
    /// so this makes no objects. False says nothing: <see cref="TryRead"/> tells why. Never throws for any content.
    /// </summary>
    /// <param name="line">The line, without line feed.</param>
    /// <param name="sequence">The number that the line must have.</param>
    /// <param name="previous">The hash of the line before, lower-case hex.</param>
    public static bool IsPlainSuccessor(ReadOnlySpan<byte> line, long sequence, string previous)
    {
        Span<byte> json = stackalloc byte[PlainSize];
        var dot = line.IndexOf((byte)'.');
        if (dot < 0 || line.Length > MaxSize
            || Base64Url.DecodeFromUtf8(line[..dot], json, out _, out var size) != OperationStatus.Done)
        {
            return false;
        }
        var reader = new Utf8JsonReader(json[..size]);
        try
        {
            return reader.Read() && reader.TokenType == JsonTokenType.StartObject
                && Has(ref reader, "sequence"u8, JsonTokenType.Number) && reader.TryGetInt64(out var number) && number == sequence
                && Has(ref reader, "time"u8, JsonTokenType.String) && Has(ref reader, "event"u8, JsonTokenType.String)
                && Has(ref reader, "previous"u8, JsonTokenType.String) && reader.ValueTextEquals(previous)
                && Has(ref reader, "key"u8, JsonTokenType.String) && Has(ref reader, "statement"u8, JsonTokenType.Null)
                && Has(ref reader, "owners"u8, JsonTokenType.Null) && Has(ref reader, "approved"u8, JsonTokenType.Null)
                && Has(ref reader, "sealed"u8, JsonTokenType.String)
                && reader.Read() && reader.TokenType == JsonTokenType.EndObject && !reader.Read();
        }
        catch (JsonException)
        {
            return false;
        }

        static bool Has(ref Utf8JsonReader reader, ReadOnlySpan<byte> name, JsonTokenType type) =>
            reader.Read() && reader.TokenType == JsonTokenType.PropertyName && reader.ValueTextEquals(name)
            && reader.Read() && reader.TokenType == type;
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

// Metadata only: the generated fast path would write null bytes as an empty text.
[JsonSourceGenerationOptions(
    JsonSerializerDefaults.Strict, PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    GenerationMode = JsonSourceGenerationMode.Metadata)]
[JsonSerializable(typeof(AuditPayload))]
[JsonSerializable(typeof(AuditDetail))]
[JsonSerializable(typeof(AuditStart))]
[JsonSerializable(typeof(AuditHead))]
[JsonSerializable(typeof(AuditState))]
internal sealed partial class AuditJson : JsonSerializerContext;
