using System.Buffers.Binary;

namespace Guardian.Sgx;

/// <summary>ATTRIBUTES.FLAGS, 8 bytes little-endian (SDM vol. 3D, table 35-3).</summary>
[Flags]
public enum AttributeFlags : ulong
{
    /// <summary>No flag.</summary>
    None = 0,

    /// <summary>EINIT has initialised the enclave.</summary>
    Init = 0x1,

    /// <summary>The host may read and write the enclave: no protection.</summary>
    Debug = 0x2,

    /// <summary>The enclave runs in 64-bit mode.</summary>
    Mode64Bit = 0x4,

    /// <summary>The enclave may get the provisioning keys.</summary>
    ProvisionKey = 0x10,

    /// <summary>The enclave may get the EINIT token key.</summary>
    EInitTokenKey = 0x20,

    /// <summary>Key separation and sharing: CONFIGID, CONFIGSVN, ISVFAMILYID, ISVEXTPRODID.</summary>
    Kss = 0x80,

    /// <summary>The processor notifies the enclave of asynchronous exits.</summary>
    AexNotify = 0x400,
}

/// <summary>ATTRIBUTES, 16 bytes: FLAGS 8, XFRM 8, both little-endian.</summary>
/// <param name="Flags">FLAGS.</param>
/// <param name="Xfrm">XFRM: the processor's extended features that the enclave uses, as XCR0.</param>
public readonly record struct EnclaveAttributes(AttributeFlags Flags, ulong Xfrm)
{
    /// <summary>Size of the structure in bytes.</summary>
    public const int Size = 16;

    /// <summary>Reads the structure.</summary>
    /// <param name="bytes">At least <see cref="Size"/> bytes.</param>
    /// <returns>The attributes.</returns>
    public static EnclaveAttributes Read(ReadOnlySpan<byte> bytes) => new(
        (AttributeFlags)BinaryPrimitives.ReadUInt64LittleEndian(bytes), BinaryPrimitives.ReadUInt64LittleEndian(bytes[8..]));

    /// <summary>Writes the structure.</summary>
    /// <param name="destination">Receives <see cref="Size"/> bytes.</param>
    public void Write(Span<byte> destination)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(destination, (ulong)Flags);
        BinaryPrimitives.WriteUInt64LittleEndian(destination[8..], Xfrm);
    }

    /// <summary>Returns the bits that a mask selects.</summary>
    /// <param name="mask">The mask.</param>
    /// <returns>The selected bits.</returns>
    public EnclaveAttributes Masked(EnclaveAttributes mask) => new(Flags & mask.Flags, Xfrm & mask.Xfrm);
}
