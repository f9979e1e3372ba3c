using System.Buffers;
using System.Buffers.Binary;
using System.Security.Cryptography;
using Guardian.CleanRoom.Base;
using Guardian.Refusals;
using Microsoft.Win32.SafeHandles;

namespace Guardian.CleanRoom.Data.Ordering;

/// <summary>
/// Pieces of one size that exceed the enclave's memory for a while, on the untrusted disk: AES-256-GCM under a key that never leaves the
/// enclave and is cleared with the file. Each piece is written once in each round. The nonce consists of round and piece, so it is used
/// once, and a piece of an earlier round does not decrypt. Thread-safe.
/// </summary>
internal sealed class ScratchFile : IDisposable
{
    private const int NonceSize = 12;
    private const int TagSize = 16;

    private readonly byte[] key = RandomNumberGenerator.GetBytes(32);
    private readonly string path;
    private readonly int pieceSize;
    private readonly SafeFileHandle file;

    /// <param name="path">Path of the file, which is replaced and, at the end, deleted.</param>
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
        var rented = ArrayPool<byte>.Shared.Rent(pieceSize + TagSize);
        var outside = rented.AsSpan(0, pieceSize + TagSize);
        cipher.Encrypt(Nonce(round, piece), plaintext, outside[..pieceSize], outside[pieceSize..]);
        RandomAccess.Write(file, outside, (long)piece * outside.Length);
        ArrayPool<byte>.Shared.Return(rented);
    }

    /// <exception cref="RefusedException">The host changed the file.</exception>
    public void Read(int round, int piece, Span<byte> plaintext)
    {
        using var cipher = new AesGcm(key, TagSize);
        var rented = ArrayPool<byte>.Shared.Rent(pieceSize + TagSize);
        var outside = rented.AsSpan(0, pieceSize + TagSize);
        try
        {
            var (size, start) = (0, (long)piece * outside.Length);
            for (int read; size < outside.Length && (read = RandomAccess.Read(file, outside[size..], start + size)) > 0;)
            {
                size += read;
            }
            if (size < outside.Length)
            {
                throw RefuseChanged();
                }
                cipher.Decrypt(Nonce(round, piece), outside[..pieceSize], outside[pieceSize..], plaintext);
        }
        catch (AuthenticationTagMismatchException)
        {
            throw RefuseChanged();
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(rented);
        }
    }

    public void Dispose()
    {
        file.Dispose();
        File.Delete(path);
        CryptographicOperations.ZeroMemory(key);
    }

    private RefusedException RefuseChanged() =>
        new(RoomReasons.StateChanged.Because($"{path} was changed outside the enclave; commit the upload again"));

    private static byte[] Nonce(int round, int piece)
    {
        var nonce = new byte[NonceSize];
        BinaryPrimitives.WriteInt32LittleEndian(nonce, round);
        BinaryPrimitives.WriteInt32LittleEndian(nonce.AsSpan(sizeof(int)), piece);
        return nonce;
    }
}
