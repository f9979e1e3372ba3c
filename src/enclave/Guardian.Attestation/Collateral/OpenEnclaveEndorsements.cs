using System.Buffers.Binary;

namespace Guardian.Attestation.Collateral;

/// <summary>Reads Open Enclave's endorsements of an SGX quote (openenclave, internal/plugin.h: oe_endorsements_t).</summary>
/// <remarks>
/// version u32 = 1 | type u32 = 2 (SGX) | size u32 of the rest, without the count | count u32 = 9 | offset u32 of each item, from the
/// end of the offsets | items: version, TCB info, its chain, PCK list, root list, chain of the lists, QE identity, its chain, instant.
/// Little-endian; texts may end with NUL.
/// </remarks>
internal static class OpenEnclaveEndorsements
{
    private const int HeaderSize = 16;
    private const int ItemCount = 9;
    private const int ItemsAt = HeaderSize + (ItemCount * sizeof(uint));

    /// <summary>Reads the endorsements; null when the bytes are none. Never throws for any content.</summary>
    public static QuoteCollateral? TryRead(ReadOnlyMemory<byte> bytes)
    {
        if (bytes.Length < ItemsAt || ReadAt(bytes, 0) != 1 || ReadAt(bytes, 4) != 2
            || ReadAt(bytes, 8) != bytes.Length - HeaderSize || ReadAt(bytes, 12) != ItemCount)
        {
            return null;
        }
        var bounds = new List<long>();
        for (var i = 0; i < ItemCount; i++)
        {
            bounds.Add(ItemsAt + ReadAt(bytes, HeaderSize + (i * sizeof(uint))));
        }
        bounds.Add(bytes.Length);
        if (bounds[0] != ItemsAt || bounds.Zip(bounds.Skip(1)).Any(pair => pair.First > pair.Second))
        {
            return null;
        }
        var items = bounds.Zip(bounds.Skip(1), (from, to) => bytes[(int)from..(int)to]).ToList();
        return new QuoteCollateral
        {
            TcbInfo = WithoutEnd(items[1]),
            TcbInfoIssuerChain = WithoutEnd(items[2]),
            PckCrl = WithoutEndOfDer(items[3]),
            RootCaCrl = WithoutEndOfDer(items[4]),
            PckCrlIssuerChain = WithoutEnd(items[5]),
            QeIdentity = WithoutEnd(items[6]),
            QeIdentityIssuerChain = WithoutEnd(items[7]),
        };
    }

    private static long ReadAt(ReadOnlyMemory<byte> bytes, int offset) => BinaryPrimitives.ReadUInt32LittleEndian(bytes.Span[offset..]);

    private static ReadOnlyMemory<byte> WithoutEnd(ReadOnlyMemory<byte> text) => text.TrimEnd((byte)0);

    // A signature may end with a zero byte, so that only the length in the header tells whether one more follows.
    private static ReadOnlyMemory<byte> WithoutEndOfDer(ReadOnlyMemory<byte> list)
    {
        var span = list.Span;
        return span.Length > 4 && span[0] == 0x30 && span[1] == 0x82
            && BinaryPrimitives.ReadUInt16BigEndian(span[2..]) + 5 == span.Length && span[^1] == 0
                ? list[..^1]
                : list;
    }
}
