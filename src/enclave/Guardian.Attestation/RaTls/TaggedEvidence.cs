using System.Formats.Cbor;
using System.Security.Cryptography;
using Guardian.Attestation.Evidence;

namespace Guardian.Attestation.RaTls;

/// <summary>TCG DICE tagged evidence for SGX (Interoperable RA-TLS): CBOR tag 60000 over [quote, claims].</summary>
/// <remarks>
/// Claims are a byte string with the map <c>{"pubkey-hash": bytes([algorithm, hash])}</c>; algorithm 1 is SHA-256, 7 SHA-384, 8 SHA-512.
/// Ours also have <c>"guardian-evidence": bytes</c> (<see cref="EvidenceContext"/>). Report data is the hash of exactly these bytes.
/// </remarks>
internal static class TaggedEvidence
{
    private const ulong Tag = 60000;
    private const string KeyHashClaim = "pubkey-hash";
    private const string EvidenceClaim = "guardian-evidence";
    private const int Sha256Id = 1;

    // IANA's numbers of the accepted hashes (Named Information Hash Algorithm Registry), with their sizes.
    private static readonly Dictionary<uint, int> HashSizes = new()
    {
        [Sha256Id] = SHA256.HashSizeInBytes, [7] = SHA384.HashSizeInBytes, [8] = SHA512.HashSizeInBytes,
    };

    public static byte[] Write(ReadOnlySpan<byte> quote, ReadOnlySpan<byte> claims)
    {
        var writer = new CborWriter();
        writer.WriteTag((CborTag)Tag);
        writer.WriteStartArray(2);
        writer.WriteByteString(quote);
        writer.WriteByteString(claims);
        writer.WriteEndArray();
        return writer.Encode();
    }

    public static byte[] WriteClaims(ReadOnlySpan<byte> keyHash, EvidenceContext context)
    {
        var hash = new CborWriter();
        hash.WriteStartArray(2);
        hash.WriteInt32(Sha256Id);
        hash.WriteByteString(keyHash);
        hash.WriteEndArray();

        var writer = new CborWriter();
        writer.WriteStartMap(2);
        writer.WriteTextString(KeyHashClaim);
        writer.WriteByteString(hash.Encode());
        writer.WriteTextString(EvidenceClaim);
        writer.WriteByteString(context.Encoded.Span);
        writer.WriteEndMap();
        return writer.Encode();
    }

    /// <summary>Reads evidence; null when it is malformed. Never throws for any content.</summary>
    public static (ReadOnlyMemory<byte> Quote, ReadOnlyMemory<byte> Claims)? TryRead(ReadOnlyMemory<byte> value)
    {
        try
        {
            var reader = new CborReader(value, CborConformanceMode.Lax);
            if (reader.ReadTag() != (CborTag)Tag || reader.ReadStartArray() != 2)
            {
                return null;
            }
            var (quote, claims) = (reader.ReadDefiniteLengthByteString(), reader.ReadDefiniteLengthByteString());
            reader.ReadEndArray();
            return reader.BytesRemaining == 0 ? (quote, claims) : null;
        }
        catch (Exception failure) when (failure is CborContentException or InvalidOperationException or OverflowException)
        {
            return null;
        }
    }

    /// <summary>
    /// Reads claims: the hash of the key, whose size names the algorithm, and our role and context, null in evidence of other programs.
    /// Null when they are malformed. Never throws for any content.
    /// </summary>
    public static (ReadOnlyMemory<byte> KeyHash, EvidenceContext? Context)? TryReadClaims(ReadOnlyMemory<byte> claims)
    {
        try
        {
            var reader = new CborReader(claims, CborConformanceMode.Lax);
            ReadOnlyMemory<byte>? keyHash = null;
            ReadOnlyMemory<byte>? evidence = null;
            reader.ReadStartMap();
            while (reader.PeekState() != CborReaderState.EndMap)
            {
                switch (reader.ReadTextString())
                {
                    case KeyHashClaim when keyHash is null && ReadHash(reader.ReadByteString()) is { } hash:
                        keyHash = hash;
                        break;
                    case EvidenceClaim when evidence is null:
                        evidence = reader.ReadByteString();
                        break;
                    case KeyHashClaim or EvidenceClaim:
                        return null;
                    default:
                        reader.SkipValue();
                        break;
                }
            }
            reader.ReadEndMap();
            var context = evidence is { } bytes ? EvidenceContext.TryRead(bytes.Span) : null;
            return reader.BytesRemaining == 0 && keyHash is { } found && (evidence is null || context is not null)
                ? (found, context)
                : null;
        }
        catch (Exception failure) when (failure is CborContentException or InvalidOperationException or OverflowException)
        {
            return null;
        }
    }

    private static ReadOnlyMemory<byte>? ReadHash(byte[] value)
    {
        var reader = new CborReader(value, CborConformanceMode.Lax);
        reader.ReadStartArray();
        var algorithm = reader.ReadUInt32();
        var hash = reader.ReadByteString();
        reader.ReadEndArray();
        return HashSizes.TryGetValue(algorithm, out var size) && hash.Length == size && reader.BytesRemaining == 0
            ? hash
            : default(ReadOnlyMemory<byte>?);
    }
}
