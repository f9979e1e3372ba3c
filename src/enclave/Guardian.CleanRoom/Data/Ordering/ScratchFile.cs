using System.Buffers;
using System.Buffers.Binary;
using System.Security.Cryptography;
using Guardian.CleanRoom.Base;
using Guardian.Refusals;
using Microsoft.Win32.SafeHandles;

namespace Guardian.CleanRoom.Data.Ordering;

/// <summary>
/// Pieces that exceed the enclave's memory for a while, on the untrusted disk: AES-256-GCM under a key that never leaves the
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
    /// <param name="pieceSize">The most bytes of a piece.</param>
    public ScratchFile(string path, int pieceSize)
    {
        this.path = path;
        this.pieceSize = pieceSize;
        file = File.OpenHandle(path, FileMode.Create, FileAccess.ReadWrite);
    }

    public void Write(int round, int piece, ReadOnlySpan<byte> plaintext)
    {
        using var cipher = new AesGcm(key, TagSize);
        var size = plaintext.Length;
        var rented = ArrayPool<byte>.Shared.Rent(size + TagSize);
        var outside = rented.AsSpan(0, size + TagSize);
        cipher.Encrypt(Nonce(round, piece), plaintext, outside[..size], outside[size..]);
        RandomAccess.Write(file, outside, OffsetOf(piece));
        ArrayPool<byte>.Shared.Return(rented);
    }

    /// <exception cref="RefusedException">The host changed the file.</exception>
    public void Read(int round, int piece, Span<byte> plaintext)
    {
        using var cipher = new AesGcm(key, TagSize);
        var size = plaintext.Length;
        var rented = ArrayPool<byte>.Shared.Rent(size + TagSize);
        var outside = rented.AsSpan(0, size + TagSize);
        try
        {
            var filled = 0;
            for (int read; filled < outside.Length && (read = RandomAccess.Read(file, outside[filled..], OffsetOf(piece) + filled)) > 0;)
            {
                filled += read;
            }
            if (filled < outside.Length)
            {
                throw RefuseChanged();
            }
            cipher.Decrypt(Nonce(round, piece), outside[..size], outside[size..], plaintext);
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

    private long OffsetOf(int piece) => (long)piece * (pieceSize + TagSize);

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
