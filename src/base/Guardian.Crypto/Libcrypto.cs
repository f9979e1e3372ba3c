using System.Runtime.InteropServices;

[assembly: DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]

namespace Guardian.Crypto;

/// <summary>The calls of OpenSSL's libcrypto that Guardian makes itself, into the library that the base library loads anyway
/// (docs/decisions 40, 62 and 207). A call that returns an int succeeded when it returns 1; a pointer of 0 is a failure.</summary>
internal static unsafe partial class Libcrypto
{
    private const string Library = "libcrypto.so.3";

    [LibraryImport(Library, EntryPoint = "EVP_CIPHER_CTX_new")]
    public static partial nint NewCipherContext();

    [LibraryImport(Library, EntryPoint = "EVP_CIPHER_CTX_free")]
    public static partial void FreeCipherContext(nint context);

    [LibraryImport(Library, EntryPoint = "EVP_aes_256_gcm")]
    public static partial nint Aes256Gcm();

    [LibraryImport(Library, EntryPoint = "EVP_CipherInit_ex")]
    public static partial int InitCipher(nint context, nint cipher, nint engine, byte* key, byte* nonce, int isEncryption);

    [LibraryImport(Library, EntryPoint = "EVP_CipherUpdate")]
    public static partial int UpdateCipher(nint context, byte* target, out int size, byte* source, int sourceSize);

    [LibraryImport(Library, EntryPoint = "EVP_CipherFinal_ex")]
    public static partial int FinishCipher(nint context, byte* target, out int size);

    [LibraryImport(Library, EntryPoint = "EVP_CIPHER_CTX_ctrl")]
    public static partial int ControlCipher(nint context, int command, int size, byte* bytes);

    [LibraryImport(Library, EntryPoint = "EVP_PKEY_new_raw_private_key")]
    public static partial nint NewRawPrivateKey(int type, nint engine, ReadOnlySpan<byte> key, nuint size);

    [LibraryImport(Library, EntryPoint = "EVP_PKEY_get_raw_public_key")]
    public static partial int GetRawPublicKey(nint key, Span<byte> result, ref nuint size);

    [LibraryImport(Library, EntryPoint = "EVP_PKEY_free")]
    public static partial void FreeKey(nint key);

    [LibraryImport(Library, EntryPoint = "EVP_MD_CTX_new")]
    public static partial nint NewDigestContext();

    [LibraryImport(Library, EntryPoint = "EVP_MD_CTX_free")]
    public static partial void FreeDigestContext(nint context);

    [LibraryImport(Library, EntryPoint = "EVP_DigestSignInit")]
    public static partial int InitSigning(nint context, nint keyContext, nint digest, nint engine, nint key);

    [LibraryImport(Library, EntryPoint = "EVP_DigestSign")]
    public static partial int Sign(nint context, Span<byte> signature, ref nuint size, ReadOnlySpan<byte> data, nuint dataSize);

    [LibraryImport(Library, EntryPoint = "EC_KEY_new_by_curve_name")]
    public static partial nint NewCurveKey(int curve);

    [LibraryImport(Library, EntryPoint = "EC_KEY_dup")]
    public static partial nint CopyCurveKey(nint key);

    [LibraryImport(Library, EntryPoint = "EC_KEY_oct2key")]
    public static partial int SetPoint(nint key, ReadOnlySpan<byte> point, nuint size, nint context);

    [LibraryImport(Library, EntryPoint = "EC_KEY_free")]
    public static partial void FreeCurveKey(nint key);

    [LibraryImport(Library, EntryPoint = "ECDSA_verify")]
    public static partial int VerifyEcdsa(
        int type, ReadOnlySpan<byte> digest, int digestSize, ReadOnlySpan<byte> signature, int signatureSize, SafeHandle key);

    [LibraryImport(Library, EntryPoint = "ERR_clear_error")]
    public static partial void ClearErrors();

    /// <summary>Whether this system has the library and all of the named functions.</summary>
    public static bool Offers(params ReadOnlySpan<string> functions)
    {
        if (!NativeLibrary.TryLoad(Library, typeof(Libcrypto).Assembly, DllImportSearchPath.SafeDirectories, out var library))
        {
            return false;
        }
        foreach (var function in functions)
        {
            if (!NativeLibrary.TryGetExport(library, function, out _))
            {
                return false;
            }
        }
        return true;
    }
}
