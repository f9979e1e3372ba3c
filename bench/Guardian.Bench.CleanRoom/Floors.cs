using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Security.Cryptography;
using Guardian.CleanRoom.Layout;

namespace Guardian.Bench.CleanRoom;

/// <summary>The least work of any engine: reading the data once, and decrypting it.</summary>
internal static class Floors
{
    private const int ChunkSize = 300 * 1024;

    private static byte[] memory = [];

    public static void Read(Room room, int threads)
    {
        var size = (int)Math.Min(room.Size, 1 << 30);
        if (memory.Length != size)
        {
            memory = GC.AllocateArray<byte>(size, pinned: true);
            Random.Shared.NextBytes(memory);
        }
        Parallel.ForEach(new GroupRange(0, size / 64).Split(threads), share =>
        {
            var sum = Vector512<ulong>.Zero;
            var part = memory.AsSpan(share.First * 64, (share.End - share.First) * 64);
            foreach (ref readonly var vector in MemoryMarshal.Cast<byte, Vector512<ulong>>(part))
            {
                sum ^= vector;
            }
            GC.KeepAlive(sum);
        });
    }

    public static void Decrypt(long size, int threads) => Parallel.For(0, threads, _ =>
    {
        using var cipher = new AesGcm(new byte[32], 16);
        var (plaintext, chunk, tag, nonce) = (new byte[ChunkSize], new byte[ChunkSize], new byte[16], new byte[12]);
        cipher.Encrypt(nonce, plaintext, chunk, tag);
        for (var done = 0L; done < size / threads; done += ChunkSize)
        {
            cipher.Decrypt(nonce, chunk, tag, plaintext);
        }
    });
}
