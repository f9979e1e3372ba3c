using System.Buffers.Binary;

namespace Guardian.Sgx;

/// <summary>ATTRIBUTES.FLAGS, 8 bytes little-endian (SDM vol. 3D, table 35-3).</summary>
[Flags]
public enum AttributeFlags : ulong
{
    /// <summary>No flag.</summary>
    None = 0,

    /// <summary>The enclave was initialised by EINIT.</summary>
    Init = 0x1,

    /// <summary>Its owner may read and write it from outside: no protection.</summary>
    Debug = 0x2,

    /// <summary>It runs in 64-bit mode.</summary>
    Mode64Bit = 0x4,

    /// <summary>It may get the provisioning keys.</summary>
    ProvisionKey = 0x10,

    /// <summary>It may get the EINIT token key.</summary>
    EInitTokenKey = 0x20,

    /// <summary>Key separation and sharing: CONFIGID, CONFIGSVN, ISVFAMILYID, ISVEXTPRODID.</summary>
    Kss = 0x80,

    /// <summary>It is told of asynchronous exits.</summary>
    AexNotify = 0x400,
}

/// <summary>ATTRIBUTES, 16 bytes: FLAGS 8, XFRM 8, both little-endian.</summary>
/// <param name="Xfrm">The processor's extended features that the enclave uses, as XCR0.</param>
public readonly record struct EnclaveAttributes(AttributeFlags Flags, ulong Xfrm)
{
    /// <summary>Bytes of the structure.</summary>
    public const int Size = 16;

    /// <param name="bytes">At least <see cref="Size"/> bytes.</param>
    public static EnclaveAttributes Read(ReadOnlySpan<byte> bytes) => new(
        (AttributeFlags)BinaryPrimitives.ReadUInt64LittleEndian(bytes), BinaryPrimitives.ReadUInt64LittleEndian(bytes[8..]));

    /// <summary>Writes the <see cref="Size"/> bytes.</summary>
    public void Write(Span<byte> destination)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(destination, (ulong)Flags);
        BinaryPrimitives.WriteUInt64LittleEndian(destination[8..], Xfrm);
    }

    /// <summary>The bits that both have.</summary>
    public EnclaveAttributes Masked(EnclaveAttributes mask) => new(Flags & mask.Flags, Xfrm & mask.Xfrm);
}
