using System.Buffers.Binary;
using System.Globalization;
using System.Numerics;
using System.Security.Cryptography;

namespace Guardian.Sgx.Measurement;

/// <summary>SIGSTRUCT, 1808 bytes (SDM vol. 3D, table 35-19): a vendor's signature over an enclave's identity. Immutable.</summary>
/// <remarks>
/// Little-endian:
/// <code>
///     0 HEADER 16     16 VENDOR 4      20 DATE 4 (BCD)   24 HEADER2 16     40 SWDEFINED 4    44 reserved 84
///   128 MODULUS 384  512 EXPONENT 4   516 SIGNATURE 384
///   900 MISCSELECT 4 904 MISCMASK 4   908 CET_ATTRIBUTES 1  909 CET_ATTRIBUTES_MASK 1  910 reserved 2
///   912 ISVFAMILYID 16  928 ATTRIBUTES 16  944 ATTRIBUTEMASK 16
///   960 ENCLAVEHASH 32  992 reserved 16  1008 ISVEXTPRODID 16  1024 ISVPRODID 2  1026 ISVSVN 2
///  1028 reserved 12 1040 Q1 384     1424 Q2 384
/// </code>
/// The signature covers bytes 0..127 and 900..1027: RSA-3072, exponent 3, PKCS#1 v1.5, SHA-256.
/// </remarks>
public sealed class SigStruct
{
    /// <summary>Size of the structure in bytes.</summary>
    public const int Size = 1808;

    internal const int ModulusSize = 384;

    private const int Exponent = 3;

    private static ReadOnlySpan<byte> Header => [6, 0, 0, 0, 0xE1, 0, 0, 0, 0, 0, 1, 0];

    private static ReadOnlySpan<byte> Header2 => [1, 1, 0, 0, 0x60, 0, 0, 0, 0x60, 0, 0, 0, 1, 0, 0, 0];

    private readonly byte[] bytes;

    private SigStruct(byte[] bytes) => this.bytes = bytes;

    /// <summary>The structure exactly as received, <see cref="Size"/> bytes.</summary>
    public ReadOnlyMemory<byte> Bytes => bytes;

    /// <summary>Whether the header marks a debug enclave (bit 31 of TYPE).</summary>
    public bool IsDebug => bytes[15] == 0x80;

    /// <summary>VENDOR: 0x8086 for Intel.</summary>
    public uint Vendor => BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(16));

    /// <summary>DATE, as yyyymmdd in hex digits.</summary>
    public string Date => BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(20)).ToString("x8", CultureInfo.InvariantCulture);

    /// <summary>SWDEFINED.</summary>
    public uint SoftwareDefined => BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(40));

    /// <summary>MISCSELECT.</summary>
    public uint MiscSelect => BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(900));

    /// <summary>MISCMASK: the bits of MISCSELECT that must be equal.</summary>
    public uint MiscMask => BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(904));

    /// <summary>CET_ATTRIBUTES: the control-flow enforcement that the enclave runs with.</summary>
    public byte CetAttributes => bytes[908];

    /// <summary>CET_ATTRIBUTES_MASK: the bits of CET_ATTRIBUTES that must be equal.</summary>
    public byte CetAttributesMask => bytes[909];

    /// <summary>ISVFAMILYID, 16 bytes.</summary>
    public ReadOnlyMemory<byte> IsvFamilyId => bytes.AsMemory(912, 16);

    /// <summary>ATTRIBUTES.</summary>
    public EnclaveAttributes Attributes => EnclaveAttributes.Read(bytes.AsSpan(928));

    /// <summary>ATTRIBUTEMASK: the bits of ATTRIBUTES that must be equal.</summary>
    public EnclaveAttributes AttributeMask => EnclaveAttributes.Read(bytes.AsSpan(944));

    /// <summary>ENCLAVEHASH: the MRENCLAVE that was signed.</summary>
    public MrEnclave EnclaveHash => MrEnclave.Read(bytes.AsSpan(960, MrEnclave.Size));

    /// <summary>ISVEXTPRODID, 16 bytes.</summary>
    public ReadOnlyMemory<byte> IsvExtProdId => bytes.AsMemory(1008, 16);

    /// <summary>ISVPRODID.</summary>
    public ushort IsvProdId => BinaryPrimitives.ReadUInt16LittleEndian(bytes.AsSpan(1024));

    /// <summary>ISVSVN.</summary>
    public ushort IsvSvn => BinaryPrimitives.ReadUInt16LittleEndian(bytes.AsSpan(1026));

    /// <summary>MRSIGNER: SHA-256 of the modulus as it is stored.</summary>
    public MrSigner Signer => MrSigner.Read(SHA256.HashData(Modulus));

    private ReadOnlySpan<byte> Modulus => bytes.AsSpan(128, ModulusSize);

    private ReadOnlySpan<byte> Signature => bytes.AsSpan(516, ModulusSize);

    /// <summary>Reads a structure. <see cref="Verify"/> checks the signature.</summary>
    /// <param name="bytes">The structure.</param>
    /// <param name="sigStruct">Receives the structure, or null.</param>
    /// <returns>
    /// False when there are not exactly <see cref="Size"/> bytes, a constant or the exponent differs, or a reserved byte is not zero.
    /// </returns>
    public static bool TryRead(ReadOnlySpan<byte> bytes, out SigStruct? sigStruct)
    {
        sigStruct = null;
        if (bytes.Length != Size
            || !bytes[..12].SequenceEqual(Header)
            || bytes.Slice(12, 3).ContainsAnyExcept((byte)0) || bytes[15] is not (0 or 0x80)
            || !bytes.Slice(24, 16).SequenceEqual(Header2)
            || bytes.Slice(44, 84).ContainsAnyExcept((byte)0)
            || BinaryPrimitives.ReadUInt32LittleEndian(bytes[512..]) != Exponent
            || bytes.Slice(910, 2).ContainsAnyExcept((byte)0)
            || bytes.Slice(992, 16).ContainsAnyExcept((byte)0)
            || bytes.Slice(1028, 12).ContainsAnyExcept((byte)0))
        {
            return false;
        }
        sigStruct = new SigStruct(bytes.ToArray());
        return true;
    }

    /// <summary>Checks the signature, and Q1 and Q2, which help the processor to verify it, as EINIT does.</summary>
    /// <returns>Whether all three are good. Never throws for any content.</returns>
    public bool Verify()
    {
        var (q1, q2) = Quotients(Number(Signature), Number(Modulus));
        if (Number(bytes.AsSpan(1040, ModulusSize)) != q1 || Number(bytes.AsSpan(1424, ModulusSize)) != q2)
        {
            return false;
        }
        try
        {
            using var key = RSA.Create(new RSAParameters { Modulus = Reversed(Modulus), Exponent = [Exponent] });
            return key.VerifyData(SignedBytes(bytes), Reversed(Signature), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        }
        catch (CryptographicException)
        {
            // The modulus is invalid.
            return false;
        }
    }

    /// <summary>Builds and signs a structure.</summary>
    internal static SigStruct Create(
        RSA key, MrEnclave enclaveHash, ushort isvProdId, ushort isvSvn, EnclaveAttributes attributes, EnclaveAttributes attributeMask,
        DateOnly date)
    {
        var bytes = new byte[Size];
        Header.CopyTo(bytes);
        var digits = date.ToString("yyyyMMdd", CultureInfo.InvariantCulture);
        BinaryPrimitives.WriteUInt32LittleEndian(
            bytes.AsSpan(20), uint.Parse(digits, NumberStyles.HexNumber, CultureInfo.InvariantCulture));
        Header2.CopyTo(bytes.AsSpan(24));
        Reversed(key.ExportParameters(false).Modulus).CopyTo(bytes, 128);
        bytes[512] = Exponent;
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(904), uint.MaxValue);
        attributes.Write(bytes.AsSpan(928));
        attributeMask.Write(bytes.AsSpan(944));
        enclaveHash.CopyTo(bytes.AsSpan(960));
        BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(1024), isvProdId);
        BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(1026), isvSvn);

        var signature = key.SignData(SignedBytes(bytes), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        Reversed(signature).CopyTo(bytes, 516);
        var (q1, q2) = Quotients(Number(bytes.AsSpan(516, ModulusSize)), Number(bytes.AsSpan(128, ModulusSize)));
        q1.TryWriteBytes(bytes.AsSpan(1040, ModulusSize), out _, isUnsigned: true);
        q2.TryWriteBytes(bytes.AsSpan(1424, ModulusSize), out _, isUnsigned: true);
        return new SigStruct(bytes);
    }

    private static byte[] SignedBytes(byte[] bytes) => [.. bytes.AsSpan(0, 128), .. bytes.AsSpan(900, 128)];

    // Q1 = S² / N, Q2 = S·(S² mod N) / N: with them the processor computes S³ mod N without dividing.
    private static (BigInteger Q1, BigInteger Q2) Quotients(BigInteger signature, BigInteger modulus)
    {
        if (modulus.IsZero)
        {
            return (BigInteger.MinusOne, BigInteger.MinusOne);
        }
        var q1 = BigInteger.DivRem(signature * signature, modulus, out var remainder);
        return (q1, signature * remainder / modulus);
    }

    private static BigInteger Number(ReadOnlySpan<byte> littleEndian) => new(littleEndian, isUnsigned: true);

    private static byte[] Reversed(ReadOnlySpan<byte> bytes)
    {
        var reversed = bytes.ToArray();
        reversed.AsSpan().Reverse();
        return reversed;
    }
}
