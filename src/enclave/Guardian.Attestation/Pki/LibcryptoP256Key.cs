using System.Runtime.InteropServices;
using Guardian.Crypto;

namespace Guardian.Attestation.Pki;

/// <summary>
/// A key in the libcrypto on which the base library is built (docs/decisions/0207). An import costs a thirtieth of a verification: the
/// point is checked to be on the curve. The base library multiplies it by the curve's order as well, which adds nothing where that order
/// is prime.
/// </summary>
internal sealed class LibcryptoP256Key : P256Key
{
    // NID_X9_62_prime256v1.
    private const int Curve = 415;

    // SEC 1, section 2.3.3: an uncompressed point.
    private const byte Uncompressed = 4;

    /// <summary>Whether this system has the functions. OpenSSL calls most of them deprecated, so they may be absent one day.</summary>
    public static bool IsAvailable { get; } = OperatingSystem.IsLinux()
        && Libcrypto.Offers("EC_KEY_new_by_curve_name", "EC_KEY_dup", "EC_KEY_oct2key", "EC_KEY_free", "ECDSA_verify", "ERR_clear_error");

    // A key without a point. A copy of it costs a fifth of a new one.
    private static readonly nint Empty = IsAvailable ? Libcrypto.NewCurveKey(Curve) : 0;

    private readonly Handle key;

    private LibcryptoP256Key(Handle key) => this.key = key;

    /// <inheritdoc cref="P256Key.TryImport"/>
    public static LibcryptoP256Key? TryRead(ReadOnlySpan<byte> point)
    {
        var key = new Handle();
        ReadOnlySpan<byte> encoded = [Uncompressed, .. point];
        if (!key.IsInvalid && Libcrypto.SetPoint(key.DangerousGetHandle(), encoded, (nuint)encoded.Length, 0) == 1)
        {
            return new LibcryptoP256Key(key);
        }
        Libcrypto.ClearErrors();
        key.Dispose();
        return null;
    }

    /// <inheritdoc/>
    public override void Dispose() => key.Dispose();

    /// <inheritdoc/>
    protected override bool VerifyDigest(ReadOnlySpan<byte> digest, ReadOnlySpan<byte> signature)
    {
        // 1 is right, 0 is wrong, and -1 is no signature.
        var isRight = Libcrypto.VerifyEcdsa(0, digest, digest.Length, signature, signature.Length, key) == 1;
        if (!isRight)
        {
            Libcrypto.ClearErrors();
        }
        return isRight;
    }

    private sealed class Handle : SafeHandle
    {
        public Handle()
            : base(0, ownsHandle: true) => SetHandle(Libcrypto.CopyCurveKey(Empty));

        public override bool IsInvalid => handle == 0;

        protected override bool ReleaseHandle()
        {
            Libcrypto.FreeCurveKey(handle);
            return true;
        }
    }
}
