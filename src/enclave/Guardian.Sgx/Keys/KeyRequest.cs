using System.Buffers.Binary;

namespace Guardian.Sgx.Keys;

/// <summary>KEYNAME: the processor's keys (SDM vol. 3D, table 35-23).</summary>
public enum KeyName : ushort
{
    /// <summary>Authenticates launch tokens; needs EINITTOKENKEY.</summary>
    EInitToken = 0,

    /// <summary>Proves the platform to its maker; needs PROVISIONKEY.</summary>
    Provision = 1,

    /// <summary>Seals across owners; needs PROVISIONKEY.</summary>
    ProvisionSeal = 2,

    /// <summary>Checks the MAC of reports made for this enclave.</summary>
    Report = 3,

    /// <summary>Seals data for later runs on this machine.</summary>
    Seal = 4,
}

/// <summary>KEYPOLICY: the inputs of a seal key. Bits above MRSIGNER need KSS.</summary>
[Flags]
public enum KeyPolicy : ushort
{
    /// <summary>Neither measurement nor signer.</summary>
    None = 0,

    /// <summary>The exact code.</summary>
    MrEnclave = 1,

    /// <summary>The signer; newer versions of the same product derive the key too.</summary>
    MrSigner = 2,

    /// <summary>Leave ISVPRODID out.</summary>
    NoIsvProdId = 4,

    /// <summary>CONFIGID.</summary>
    ConfigId = 8,

    /// <summary>ISVFAMILYID.</summary>
    IsvFamilyId = 0x10,

    /// <summary>ISVEXTPRODID.</summary>
    IsvExtProdId = 0x20,
}

/// <summary>The error codes of EGETKEY.</summary>
public enum KeyError
{
    /// <summary>The key was derived.</summary>
    Success = 0,

    /// <summary>The enclave lacks an attribute that the key or the policy needs.</summary>
    InvalidAttribute = 1,

    /// <summary>The requested CPUSVN is above the platform's own.</summary>
    InvalidCpuSvn = 32,

    /// <summary>The requested ISVSVN or CONFIGSVN is above the enclave's own.</summary>
    InvalidIsvSvn = 64,

    /// <summary>The key does not exist.</summary>
    InvalidKeyName = 256,
}

/// <summary>KEYREQUEST, 512 bytes (SDM vol. 3D, table 35-22). Immutable.</summary>
/// <remarks>
/// Little-endian: <c>0 KEYNAME 2 | 2 KEYPOLICY 2 | 4 ISVSVN 2 | 6 CET_ATTRIBUTES_MASK 1 | 7 reserved 1 | 8 CPUSVN 16 |
/// 24 ATTRIBUTEMASK 16 | 40 KEYID 32 | 72 MISCMASK 4 | 76 CONFIGSVN 2 | 78 reserved 434</c>.
/// </remarks>
public sealed record KeyRequest
{
    /// <summary>Size of the structure in bytes.</summary>
    public const int Size = 512;

    /// <summary>Size of CPUSVN in bytes.</summary>
    public const int CpuSvnSize = 16;

    /// <summary>Size of KEYID in bytes.</summary>
    public const int KeyIdSize = 32;

    /// <summary>The key.</summary>
    public required KeyName Name { get; init; }

    /// <summary>The inputs of a seal key.</summary>
    public KeyPolicy Policy { get; init; }

    /// <summary>At most the enclave's own ISVSVN.</summary>
    public ushort IsvSvn { get; init; }

    /// <summary>At most the enclave's own CONFIGSVN.</summary>
    public ushort ConfigSvn { get; init; }

    /// <summary>CET_ATTRIBUTES_MASK: the bits of CET_ATTRIBUTES that enter the key.</summary>
    public byte CetAttributesMask { get; init; }

    /// <summary>16 bytes, no component above the platform's; empty is zero.</summary>
    public ReadOnlyMemory<byte> CpuSvn { get; init; }

    /// <summary>The attributes that enter the key; INIT and DEBUG always do.</summary>
    public EnclaveAttributes AttributeMask { get; init; }

    /// <summary>32 bytes that distinguish keys of the same kind; empty is zero.</summary>
    public ReadOnlyMemory<byte> KeyId { get; init; }

    /// <summary>The MISCSELECT bits that enter a seal key.</summary>
    public uint MiscMask { get; init; }

    /// <summary>Reads a request.</summary>
    /// <param name="bytes">The structure.</param>
    /// <param name="request">Receives the request, or null.</param>
    /// <returns>False when there are not exactly <see cref="Size"/> bytes, or a reserved byte is not zero.</returns>
    public static bool TryRead(ReadOnlySpan<byte> bytes, out KeyRequest? request)
    {
        request = null;
        if (bytes.Length != Size || bytes[7] != 0 || bytes[78..].ContainsAnyExcept((byte)0))
        {
            return false;
        }
        request = new KeyRequest
        {
            Name = (KeyName)BinaryPrimitives.ReadUInt16LittleEndian(bytes),
            Policy = (KeyPolicy)BinaryPrimitives.ReadUInt16LittleEndian(bytes[2..]),
            IsvSvn = BinaryPrimitives.ReadUInt16LittleEndian(bytes[4..]),
            CetAttributesMask = bytes[6],
            CpuSvn = bytes.Slice(8, CpuSvnSize).ToArray(),
            AttributeMask = EnclaveAttributes.Read(bytes[24..]),
            KeyId = bytes.Slice(40, KeyIdSize).ToArray(),
            MiscMask = BinaryPrimitives.ReadUInt32LittleEndian(bytes[72..]),
            ConfigSvn = BinaryPrimitives.ReadUInt16LittleEndian(bytes[76..]),
        };
        return true;
    }

    /// <summary>Writes the structure.</summary>
    /// <param name="destination">Receives <see cref="Size"/> bytes.</param>
    public void Write(Span<byte> destination)
    {
        destination = destination[..Size];
        destination.Clear();
        BinaryPrimitives.WriteUInt16LittleEndian(destination, (ushort)Name);
        BinaryPrimitives.WriteUInt16LittleEndian(destination[2..], (ushort)Policy);
        BinaryPrimitives.WriteUInt16LittleEndian(destination[4..], IsvSvn);
        destination[6] = CetAttributesMask;
        CpuSvn.Span.CopyTo(destination.Slice(8, CpuSvnSize));
        AttributeMask.Write(destination[24..]);
        KeyId.Span.CopyTo(destination.Slice(40, KeyIdSize));
        BinaryPrimitives.WriteUInt32LittleEndian(destination[72..], MiscMask);
        BinaryPrimitives.WriteUInt16LittleEndian(destination[76..], ConfigSvn);
    }
}
