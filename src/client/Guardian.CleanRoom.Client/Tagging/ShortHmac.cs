using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Guardian.CleanRoom.Client.Tagging;

/// <summary>
/// Computes HMAC-SHA256 (RFC 2104, FIPS 180-4) of sixteen short messages at once, one in each lane of a vector. An identifier fits in one
/// block. The base library calls the system's library for each message, which is twenty times as slow. Tests compare both. Runs on the
/// partner's machine only. Not thread-safe.
/// </summary>
internal sealed class ShortHmac
{
    /// <summary>Messages at once.</summary>
    public const int Lanes = 16;

    /// <summary>The longest message in bytes: a block less the padding bit and the length.</summary>
    public const int MaxSize = BlockSize - 9;

    private const int BlockSize = 64;
    private const int BlockWords = BlockSize / sizeof(uint);
    private const int StateWords = 8;

    // FIPS 180-4, 5.3.3 and 4.2.2.
    private static readonly uint[] Initial =
    [
        0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
    ];

    private static readonly uint[] Constants =
    [
        0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
        0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
        0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
        0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
        0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
        0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
        0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
        0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
    ];

    private readonly Vector512<uint>[] inner = new Vector512<uint>[StateWords];
    private readonly Vector512<uint>[] outer = new Vector512<uint>[StateWords];
    private readonly Vector512<uint>[] state = new Vector512<uint>[StateWords];
    private readonly Vector512<uint>[] words = new Vector512<uint>[BlockWords];

    /// <param name="key">The key, at most 64 bytes.</param>
    public ShortHmac(ReadOnlySpan<byte> key)
    {
        Absorb(inner, key, 0x36);
        Absorb(outer, key, 0x5c);
    }

    /// <summary>Puts a message into a lane.</summary>
    /// <param name="lane">The lane, below <see cref="Lanes"/>.</param>
    /// <param name="message">The message, at most <see cref="MaxSize"/> bytes.</param>
    public void SetMessage(int lane, ReadOnlySpan<byte> message)
    {
        Span<byte> block = stackalloc byte[BlockSize];
        block.Clear();
        message.CopyTo(block);
        block[message.Length] = 0x80;
        BinaryPrimitives.WriteInt32BigEndian(block[^sizeof(int)..], (BlockSize + message.Length) * 8);
        var target = MemoryMarshal.Cast<Vector512<uint>, uint>(words.AsSpan());
        for (var i = 0; i < BlockWords; i++)
        {
            target[(i * Lanes) + lane] = BinaryPrimitives.ReadUInt32BigEndian(block[(i * sizeof(uint))..]);
        }
    }

    /// <summary>Computes all lanes.</summary>
    public void Compute()
    {
        inner.CopyTo(state, 0);
        Compress(state, words);
        // The outer hash covers the inner one: eight words, the padding bit and the length.
        state.CopyTo(words, 0);
        words.AsSpan(StateWords).Clear();
        words[StateWords] = Vector512.Create(0x80000000u);
        words[^1] = Vector512.Create((uint)((BlockSize + (StateWords * sizeof(uint))) * 8));
        outer.CopyTo(state, 0);
        Compress(state, words);
    }

    /// <summary>Reads the first 16 bytes of a lane's result as big-endian words.</summary>
    public (ulong First, ulong Second) ReadResult(int lane)
    {
        var result = MemoryMarshal.Cast<Vector512<uint>, uint>(state.AsSpan());
        return (((ulong)result[lane] << 32) | result[Lanes + lane], ((ulong)result[(2 * Lanes) + lane] << 32) | result[(3 * Lanes) + lane]);
    }

    private void Absorb(Vector512<uint>[] target, ReadOnlySpan<byte> key, byte pad)
    {
        Span<byte> block = stackalloc byte[BlockSize];
        block.Clear();
        key.CopyTo(block);
        for (var i = 0; i < BlockWords; i++)
        {
            words[i] = Vector512.Create(BinaryPrimitives.ReadUInt32BigEndian(block[(i * sizeof(uint))..]) ^ (pad * 0x01010101u));
        }
        for (var i = 0; i < StateWords; i++)
        {
            target[i] = Vector512.Create(Initial[i]);
        }
        Compress(target, words);
    }

    // FIPS 180-4, 6.2.2. A ring of sixteen words holds the part of the schedule in use.
    private static void Compress(Vector512<uint>[] state, Vector512<uint>[] words)
    {
        unchecked
        {
            var (a, b, c, d) = (state[0], state[1], state[2], state[3]);
            var (e, f, g, h) = (state[4], state[5], state[6], state[7]);
            for (var t = 0; t < Constants.Length; t++)
            {
                ref var word = ref words[t & 15];
                if (t >= BlockWords)
                {
                    var (early, late) = (words[(t + 1) & 15], words[(t + 14) & 15]);
                    word += (Rotate(early, 7) ^ Rotate(early, 18) ^ (early >>> 3)) + words[(t + 9) & 15]
                        + (Rotate(late, 17) ^ Rotate(late, 19) ^ (late >>> 10));
                }
                var one = h + (Rotate(e, 6) ^ Rotate(e, 11) ^ Rotate(e, 25)) + Vector512.ConditionalSelect(e, f, g)
                    + Vector512.Create(Constants[t]) + word;
                var two = (Rotate(a, 2) ^ Rotate(a, 13) ^ Rotate(a, 22)) + ((a & b) | (c & (a | b)));
                (h, g, f, e, d, c, b, a) = (g, f, e, d + one, c, b, a, one + two);
            }
            (state[0], state[1], state[2], state[3]) = (state[0] + a, state[1] + b, state[2] + c, state[3] + d);
            (state[4], state[5], state[6], state[7]) = (state[4] + e, state[5] + f, state[6] + g, state[7] + h);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<uint> Rotate(Vector512<uint> value, [ConstantExpected] byte count) =>
        Avx512F.IsSupported ? Avx512F.RotateRight(value, count) : (value >>> count) | (value << (32 - count));
}
