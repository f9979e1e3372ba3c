using System.Numerics;
using System.Security.Cryptography;
using Guardian.Files.Durable;

namespace Guardian.Sgx.Measurement;

/// <summary>
/// A vendor's RSA-3072 key with exponent 3, which SIGSTRUCT requires. Stored as PKCS#8 PEM in a file that only its owner can read. One
/// thread at a time may use an instance.
/// </summary>
public sealed class EnclaveSigner : IDisposable
{
    private const int KeySizeBits = 3072;
    private const int PrimeSize = KeySizeBits / 8 / 2;

    private readonly RSA key;

    private EnclaveSigner(RSA key) => this.key = key;

    /// <summary>MRSIGNER of the enclaves that this key signs.</summary>
    public MrSigner MrSigner
    {
        get
        {
            var modulus = key.ExportParameters(false).Modulus!;
            modulus.AsSpan().Reverse();
            return MrSigner.Read(SHA256.HashData(modulus));
        }
    }

    /// <summary>Makes a key.</summary>
    /// <returns>The key; the caller disposes it.</returns>
    /// <remarks>
    /// The base library makes keys with exponent 65537 only. Their primes also suit exponent 3 when they are 2 modulo 3, so that
    /// 3 divides neither p-1 nor q-1. Every second prime is.
    /// </remarks>
    public static EnclaveSigner Create()
    {
        var primes = new List<BigInteger>();
        while (primes.Count < 2)
        {
            using var source = RSA.Create(KeySizeBits);
            var parameters = source.ExportParameters(true);
            primes.AddRange(new[] { Number(parameters.P!), Number(parameters.Q!) }.Where(prime => prime % 3 == 2));
        }
        var (p, q) = primes[0] > primes[1] ? (primes[0], primes[1]) : (primes[1], primes[0]);
        var phi = (p - 1) * (q - 1);
        // phi is 1 modulo 3, so 2·phi + 1 is divisible by 3 and the quotient is the inverse of 3.
        var d = ((2 * phi) + 1) / 3;
        return new EnclaveSigner(RSA.Create(new RSAParameters
        {
            Modulus = Bytes(p * q, 2 * PrimeSize),
            Exponent = [3],
            D = Bytes(d, 2 * PrimeSize),
            P = Bytes(p, PrimeSize),
            Q = Bytes(q, PrimeSize),
            DP = Bytes(d % (p - 1), PrimeSize),
            DQ = Bytes(d % (q - 1), PrimeSize),
            InverseQ = Bytes(BigInteger.ModPow(q, p - 2, p), PrimeSize),
        }));
    }

    /// <summary>Reads the key of a file, or makes one there. Two processes that start at once agree on one key.</summary>
    /// <param name="path">The file.</param>
    /// <returns>The key; the caller disposes it.</returns>
    /// <exception cref="InvalidDataException">The file holds no RSA-3072 key with exponent 3.</exception>
    /// <exception cref="IOException">The file cannot be read or written.</exception>
    public static EnclaveSigner LoadOrCreate(string path)
    {
        var pem = DurableFile.ReadOrCreate(path, () =>
        {
            using var created = Create();
            return System.Text.Encoding.ASCII.GetBytes(created.key.ExportPkcs8PrivateKeyPem());
        });
        var loaded = RSA.Create();
        try
        {
            loaded.ImportFromPem(System.Text.Encoding.ASCII.GetString(pem));
        }
        catch (Exception failure) when (failure is CryptographicException or ArgumentException)
        {
            loaded.Dispose();
            throw new InvalidDataException($"{path} holds no RSA key in PEM; restore it, or move it away to have a new one made", failure);
        }
        if (loaded.KeySize != KeySizeBits || loaded.ExportParameters(false).Exponent is not [3])
        {
            loaded.Dispose();
            throw new InvalidDataException($"{path} holds an RSA key, but SGX needs 3072 bits and exponent 3");
        }
        return new EnclaveSigner(loaded);
    }

    /// <summary>Signs an enclave's identity. The mask requires all attributes as given, except XFRM's optional features.</summary>
    /// <param name="enclaveHash">MRENCLAVE.</param>
    /// <param name="isvProdId">The product.</param>
    /// <param name="isvSvn">The product's security version.</param>
    /// <param name="attributes">ATTRIBUTES of the enclave.</param>
    /// <param name="date">The date of signing.</param>
    /// <returns>The signed structure.</returns>
    public SigStruct Sign(MrEnclave enclaveHash, ushort isvProdId, ushort isvSvn, EnclaveAttributes attributes, DateOnly date) =>
        Sign(enclaveHash, isvProdId, isvSvn, attributes, new EnclaveAttributes((AttributeFlags)ulong.MaxValue, ~0xE4UL), date);

    /// <summary>Signs an enclave's identity.</summary>
    /// <param name="enclaveHash">MRENCLAVE.</param>
    /// <param name="isvProdId">The product.</param>
    /// <param name="isvSvn">The product's security version.</param>
    /// <param name="attributes">ATTRIBUTES of the enclave.</param>
    /// <param name="mask">The attributes that must be as given.</param>
    /// <param name="date">The date of signing.</param>
    /// <returns>The signed structure.</returns>
    public SigStruct Sign(
        MrEnclave enclaveHash, ushort isvProdId, ushort isvSvn, EnclaveAttributes attributes, EnclaveAttributes mask, DateOnly date) =>
        SigStruct.Create(key, enclaveHash, isvProdId, isvSvn, attributes, mask, date);

    /// <inheritdoc/>
    public void Dispose() => key.Dispose();

    private static BigInteger Number(byte[] bigEndian) => new(bigEndian, isUnsigned: true, isBigEndian: true);

    private static byte[] Bytes(BigInteger number, int size)
    {
        var bytes = new byte[size];
        var written = number.ToByteArray(isUnsigned: true, isBigEndian: true);
        written.CopyTo(bytes, size - written.Length);
        return bytes;
    }
}
