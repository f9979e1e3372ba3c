using System.Formats.Asn1;
using System.Numerics;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Guardian.Attestation.Pki;

namespace Guardian.Attestation.Tests.Pki;

/// <summary>Keys of libcrypto and of the base library give one answer to every point and signature.</summary>
public sealed class P256KeyTests : IDisposable
{
    // SEC 2, section 2.4.2: the field's prime and the order of the curve.
    private static readonly BigInteger Prime = Parse("ffffffff00000001000000000000000000000000ffffffffffffffffffffffff");
    private static readonly BigInteger Order = Parse("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551");

    private readonly ECDsa signer = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly byte[] data = [1, 2, 3];

    /// <inheritdoc/>
    public void Dispose() => signer.Dispose();

    [Fact]
    public void Signatures_of_many_keys_verify_in_both_forms()
    {
        for (var i = 0; i < 300; i++)
        {
            using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
            var point = P256Key.Export(key);

            Assert.All(Answers(point, verified => verified.Verify(data, key.SignData(data, HashAlgorithmName.SHA256))), Assert.True);
            var der = key.SignData(data, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence);
            Assert.All(Answers(point, verified => verified.VerifyDer(data, der)), Assert.True);
            Assert.All(Answers(point, verified => verified.VerifyDer([.. data, 0], der)), Assert.False);
        }
    }

    [Fact]
    public void A_number_with_zeros_in_front_has_them_in_one_form_only()
    {
        var point = P256Key.Export(signer);
        byte[] signature;
        do
        {
            signature = signer.SignData(data, HashAlgorithmName.SHA256);
        }
        while (signature[0] != 0 && signature[32] != 0);

        Assert.All(Answers(point, key => key.Verify(data, signature)), Assert.True);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(31)]
    [InlineData(63)]
    [InlineData(65)]
    public void A_signature_of_another_size_is_wrong(int size) =>
        Assert.All(Answers(P256Key.Export(signer), key => key.Verify(data, new byte[size])), Assert.False);

    [Fact]
    public void Numbers_outside_the_order_are_wrong()
    {
        var signature = signer.SignData(data, HashAlgorithmName.SHA256);
        var (r, s) = (Read(signature.AsSpan(0, 32)), Read(signature.AsSpan(32)));
        (BigInteger R, BigInteger S)[] wrong =
        [
            (0, s), (r, 0), (0, 0), (Order, s), (r, Order), (r + Order, s), (r, s + Order), (-r, s), (r, -s), (1, 1), (Prime, Prime),
        ];

        foreach (var pair in wrong)
        {
            Assert.All(Answers(P256Key.Export(signer), key => key.VerifyDer(data, WriteDer(pair.R, pair.S))), Assert.False);
        }
        // The other root of the same x: ECDSA accepts it, here and everywhere.
        Assert.All(Answers(P256Key.Export(signer), key => key.VerifyDer(data, WriteDer(r, Order - s))), Assert.True);
    }

    [Fact]
    public void Bytes_around_and_inside_a_DER_signature_make_it_wrong()
    {
        var der = signer.SignData(data, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence);
        var others = new List<byte[]>
        {
            Array.Empty<byte>(), der[..1], der[..^1], (byte[])[.. der, 0], (byte[])[0x30, 0x81, (byte)(der.Length - 2), .. der[2..]],
            (byte[])[0x30, 0x80, .. der[2..], 0, 0], (byte[])[0x31, .. der[1..]],
            // An INTEGER with a zero too many in front.
            (byte[])[0x30, (byte)(der[1] + 1), 2, (byte)(der[3] + 1), 0, .. der[4..]],
        };
        for (var i = 0; i < der.Length; i++)
        {
            var changed = der.ToArray();
            changed[i] ^= (byte)(1 << (i % 8));
            others.Add(changed);
        }

        foreach (var other in others)
        {
            Assert.All(Answers(P256Key.Export(signer), key => key.VerifyDer(data, other)), Assert.False);
        }
    }

    [Fact]
    public void Points_beside_the_curve_are_no_keys()
    {
        var point = P256Key.Export(signer);
        var (x, y) = (Read(point.AsSpan(0, 32)), Read(point.AsSpan(32)));
        var others = new List<byte[]>
        {
            new byte[64], (byte[])[.. Write(x), .. Write(y ^ 1)], (byte[])[.. Write(y), .. Write(x)],
            (byte[])[.. Write(Prime), .. Write(y)], (byte[])[.. Write(x), .. Write(Prime)],
            (byte[])[.. Write((BigInteger.One << 256) - 1), .. Write(y)],
        };
        // The point with x = 5 has a second spelling that is as long: x + p.
        var root = Parse("459243b9aa581806fe913bce99817ade11ca503c64d9a3c533415c083248fbcc");
        LibcryptoP256Key.TryRead([.. Write(5), .. Write(root)])!.Dispose();
        others.Add([.. Write(5 + Prime), .. Write(root)]);

        foreach (var other in others)
        {
            Assert.Null(LibcryptoP256Key.TryRead(other));
            Assert.Null(BaseP256Key.TryRead(other));
        }
        // The negative of a point is a key.
        using var negative = P256Key.TryImport([.. Write(x), .. Write(Prime - y)]);
        Assert.NotNull(negative);
    }

    // A process that uses OpenSSL too would take such an error for one of its own call.
    [Fact]
    public void Wrong_points_and_signatures_leave_no_error_in_the_queue_of_OpenSSL()
    {
        var peek = Marshal.GetDelegateForFunctionPointer<PeekError>(
            NativeLibrary.GetExport(NativeLibrary.Load("libcrypto.so.3"), "ERR_peek_error"));
        using var key = LibcryptoP256Key.TryRead(P256Key.Export(signer))!;

        Assert.False(key.VerifyDer(data, [0x30, 0]));
        Assert.Equal(0ul, peek());
        Assert.Null(LibcryptoP256Key.TryRead(new byte[64]));
        Assert.Equal(0ul, peek());
    }

    private static bool[] Answers(byte[] point, Func<P256Key, bool> ask)
    {
        using P256Key libcrypto = LibcryptoP256Key.TryRead(point)!;
        using P256Key library = BaseP256Key.TryRead(point)!;
        return [ask(libcrypto), ask(library)];
    }

    private static BigInteger Parse(string hexadecimal) => Read(Convert.FromHexString(hexadecimal));

    private static BigInteger Read(ReadOnlySpan<byte> bytes) => new(bytes, isUnsigned: true, isBigEndian: true);

    private static byte[] Write(BigInteger number)
    {
        var bytes = number.ToByteArray(isUnsigned: true, isBigEndian: true);
        return [.. new byte[32 - bytes.Length], .. bytes];
    }

    private static byte[] WriteDer(BigInteger r, BigInteger s)
    {
        var writer = new AsnWriter(AsnEncodingRules.DER);
        using (writer.PushSequence())
        {
            writer.WriteInteger(r);
            writer.WriteInteger(s);
        }
        return writer.Encode();
    }

    private delegate ulong PeekError();
}
