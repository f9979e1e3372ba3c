using System.Buffers.Binary;
using System.Security.Cryptography;
using Guardian.Sgx;
using Microsoft.Win32.SafeHandles;

namespace Guardian.CleanRoom;

/// <summary>
/// Pieces of one size that do not fit in the enclave's memory for a while, on the untrusted disk: AES-256-GCM under a key that never leaves the enclave and is forgotten with
/// the file. Each piece is written once in each round, so that a nonce, of both, is used once, and a piece of an earlier round is found out. Thread-safe.
/// </summary>
internal sealed class ScratchFile : IDisposable
{
    private const int NonceSize = 12;
    private const int TagSize = 16;

    private readonly byte[] key = RandomNumberGenerator.GetBytes(32);
    private readonly string path;
    private readonly int pieceSize;
    private readonly SafeFileHandle file;

    /// <param name="pieceSize">Bytes of each piece.</param>
    public ScratchFile(string path, int pieceSize)
    {
        this.path = path;
        this.pieceSize = pieceSize;
        file = File.OpenHandle(path, FileMode.Create, FileAccess.ReadWrite);
    }

    public void Write(int round, int piece, ReadOnlySpan<byte> plaintext)
    {
        using var cipher = new AesGcm(key, TagSize);
        var outside = new byte[pieceSize + TagSize];
        cipher.Encrypt(Nonce(round, piece), plaintext, outside.AsSpan(0, pieceSize), outside.AsSpan(pieceSize));
        RandomAccess.Write(file, outside, (long)piece * outside.Length);
    }

    /// <exception cref="RoomStateException">The host changed the file.</exception>
    public void Read(int round, int piece, Span<byte> plaintext)
    {
        using var cipher = new AesGcm(key, TagSize);
        var outside = new byte[pieceSize + TagSize];
        var size = 0;
        for (int read; size < outside.Length && (read = RandomAccess.Read(file, outside.AsSpan(size), ((long)piece * outside.Length) + size)) > 0;)
        {
            size += read;
        }
        try
        {
            cipher.Decrypt(Nonce(round, piece), outside.AsSpan(0, pieceSize), outside.AsSpan(pieceSize), plaintext);
        }
        catch (AuthenticationTagMismatchException)
        {
            throw new RoomStateException($"{path} was changed outside the enclave; commit the upload again");
        }
    }

    public void Dispose()
    {
        file.Dispose();
        File.Delete(path);
        CryptographicOperations.ZeroMemory(key);
    }

    private static byte[] Nonce(int round, int piece)
    {
        var nonce = new byte[NonceSize];
        BinaryPrimitives.WriteInt32LittleEndian(nonce, round);
        BinaryPrimitives.WriteInt32LittleEndian(nonce.AsSpan(sizeof(int)), piece);
        return nonce;
    }
}
