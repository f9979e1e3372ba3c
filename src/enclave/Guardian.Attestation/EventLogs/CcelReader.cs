using System.Buffers.Binary;
using System.Security.Cryptography;
using Guardian.Attestation.Quotes;
using Guardian.Refusals;

namespace Guardian.Attestation.EventLogs;

/// <summary>Reads the log of the confidential computing event log table (CCEL; UEFI 2.10, 38.4): TCG events with crypto-agile
/// digests.</summary>
/// <remarks>
/// First event, in the old form: register u32 | type u32 = 3 | digest 20 | size u32 | "Spec ID Event03" NUL | class u32 | minor u8 |
/// major u8 | errata u8 | uintn u8 | algorithms u32 | (id u16 | size u16)… | vendor size u8 | vendor.
/// Then: register u32 | type u32 | digests u32 | (id u16 | digest)… | size u32 | data. Register 0 is MRTD, 1 to 4 are RTMR0 to RTMR3.
/// Little-endian. The log ends at a header of 0xFFFFFFFF or of zeros, or with its bytes.
/// </remarks>
internal static class CcelReader
{
    private const int OldHeaderSize = 32;
    private const int SignatureSize = 16;
    private const uint NoAction = 3;
    private const ushort Sha384 = 0x000C;
    private const int MaxEvents = 65536;
    private const int MaxAlgorithms = 16;

    /// <summary>Whether bytes begin like such a log.</summary>
    public static bool IsLog(ReadOnlySpan<byte> bytes) =>
        bytes.Length >= OldHeaderSize + SignatureSize && bytes[OldHeaderSize..].StartsWith("Spec ID Event03\0"u8);

    public static Outcome<EventLog> Read(ReadOnlyMemory<byte> bytes)
    {
        var rest = bytes[(OldHeaderSize - sizeof(uint))..];
        if (TakeData(ref rest) is not { } header || ReadAlgorithms(header.Span[SignatureSize..]) is not { } sizes)
        {
            return EventLog.Malformed("its first event does not list the digests that it uses, with SHA-384 among them");
        }
        var events = new List<LoggedEvent>();
        while (rest.Length >= 2 * sizeof(uint))
        {
            var register = BinaryPrimitives.ReadUInt32LittleEndian(rest.Span);
            var type = BinaryPrimitives.ReadUInt32LittleEndian(rest.Span[sizeof(uint)..]);
            if (register == uint.MaxValue || (register == 0 && type == 0))
            {
                break;
            }
            rest = rest[(2 * sizeof(uint))..];
            if (register > EventLog.RegisterCount || TakeDigest(ref rest, sizes) is not { } digest || TakeData(ref rest) is not { } data)
            {
                return EventLog.Malformed($"event {events.Count + 1} is cut, or names a register or a digest that the log does not have");
            }
            if (events.Count == MaxEvents)
            {
                return EventLog.Malformed($"it has more than {MaxEvents} events");
            }
            // An event of the type EV_NO_ACTION informs, and extends nothing. MRTD is not extended by events.
            events.Add(new LoggedEvent(
                type == NoAction ? -1 : (int)register - 1, type, digest, data, digest.Span.SequenceEqual(SHA384.HashData(data.Span))));
        }
        return new EventLog("CCEL", events);
    }

    private static Dictionary<ushort, int>? ReadAlgorithms(ReadOnlySpan<byte> header)
    {
        // class 4 | minor 1 | major 1 | errata 1 | uintn 1 | algorithms 4
        if (header.Length < 12)
        {
            return null;
        }
        var count = BinaryPrimitives.ReadUInt32LittleEndian(header[8..]);
        if (count is 0 or > MaxAlgorithms || header.Length < 12 + (4 * (int)count))
        {
            return null;
        }
        var sizes = new Dictionary<ushort, int>();
        for (var index = 0; index < (int)count; index++)
        {
            var entry = header.Slice(12 + (4 * index), 4);
            if (!sizes.TryAdd(BinaryPrimitives.ReadUInt16LittleEndian(entry), BinaryPrimitives.ReadUInt16LittleEndian(entry[2..])))
            {
                return null;
            }
        }
        return sizes.GetValueOrDefault(Sha384) == SHA384.HashSizeInBytes ? sizes : null;
    }

    private static ReadOnlyMemory<byte>? TakeDigest(ref ReadOnlyMemory<byte> rest, Dictionary<ushort, int> sizes)
    {
        if (rest.Length < sizeof(uint))
        {
            return null;
        }
        var count = BinaryPrimitives.ReadUInt32LittleEndian(rest.Span);
        if (count > MaxAlgorithms)
        {
            return null;
        }
        rest = rest[sizeof(uint)..];
        ReadOnlyMemory<byte>? found = null;
        for (var index = 0; index < (int)count; index++)
        {
            if (rest.Length < sizeof(ushort)
                || !sizes.TryGetValue(BinaryPrimitives.ReadUInt16LittleEndian(rest.Span), out var size)
                || rest.Length < sizeof(ushort) + size)
            {
                return null;
            }
            if (BinaryPrimitives.ReadUInt16LittleEndian(rest.Span) == Sha384)
            {
                // Two digests of one algorithm would leave it open which one counts.
                if (found is not null)
                {
                    return null;
                }
                found = rest.Slice(sizeof(ushort), size);
            }
            rest = rest[(sizeof(ushort) + size)..];
        }
        return found;
    }

    private static ReadOnlyMemory<byte>? TakeData(ref ReadOnlyMemory<byte> rest)
    {
        if (rest.Length < sizeof(uint))
        {
            return null;
        }
        var size = BinaryPrimitives.ReadUInt32LittleEndian(rest.Span);
        if (size > rest.Length - sizeof(uint))
        {
            return null;
        }
        var data = rest.Slice(sizeof(uint), (int)size);
        rest = rest[(sizeof(uint) + (int)size)..];
        return data;
    }
}
