using System.Buffers.Binary;
using System.Runtime.Intrinsics;

namespace Guardian.CleanRoom.Client.Tagging;

/// <summary>
/// Computes HMAC-SHA256 (RFC 2104, FIPS 180-4) of sixteen short messages at once, one in each lane of a vector. An identifier fits in one
/// block, or in two. The base library calls the system's library for each message, which is many times as slow. Tests compare both. Runs
/// on the partner's machine only. Not thread-safe.
/// </summary>
internal sealed class ShortHmac
{
    /// <summary>Messages at once.</summary>
    public const int Lanes = 16;

    /// <summary>The longest message in bytes: two blocks less the padding bit and the length.</summary>
    public const int MaxSize = (2 * BlockSize) - 9;

    private const int BlockSize = 64;
    private const int BlockWords = BlockSize / sizeof(uint);
    private const int StateWords = 8;

    // The longest message of one block.
    private const int OneBlock = BlockSize - 9;

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

    private readonly bool isWide;
    private readonly uint[] inner = new uint[StateWords * Lanes];
    private readonly uint[] outer = new uint[StateWords * Lanes];
    private readonly uint[] state = new uint[StateWords * Lanes];
    private readonly uint[] afterFirst = new uint[StateWords * Lanes];
    private readonly uint[] firstBlocks = new uint[BlockWords * Lanes];
    private readonly uint[] secondBlocks = new uint[BlockWords * Lanes];

    // All ones for a message of two blocks.
    private readonly uint[] longMasks = new uint[Lanes];

    /// <param name="key">The key, at most 64 bytes.</param>
    /// <param name="isWide">Whether vectors have 512 bits; null for those of the processor. The results are the same.</param>
    public ShortHmac(ReadOnlySpan<byte> key, bool? isWide = null)
    {
        this.isWide = isWide ?? Vector512.IsHardwareAccelerated;
        Absorb(inner, key, 0x36);
        Absorb(outer, key, 0x5c);
    }

    /// <summary>Puts a message into a lane.</summary>
    /// <param name="lane">The lane, below <see cref="Lanes"/>.</param>
    /// <param name="message">The message, at most <see cref="MaxSize"/> bytes.</param>
    public void SetMessage(int lane, ReadOnlySpan<byte> message)
    {
        Span<byte> blocks = stackalloc byte[2 * BlockSize];
        blocks.Clear();
        message.CopyTo(blocks);
        blocks[message.Length] = 0x80;
        var isLong = message.Length > OneBlock;
        longMasks[lane] = isLong ? uint.MaxValue : 0;
        blocks = isLong ? blocks : blocks[..BlockSize];
        BinaryPrimitives.WriteInt32BigEndian(blocks[^sizeof(int)..], (BlockSize + message.Length) * 8);
        SetBlock(firstBlocks, lane, blocks);
        if (isLong)
        {
            SetBlock(secondBlocks, lane, blocks[BlockSize..]);
        }
    }

    /// <summary>Computes all lanes.</summary>
    public void Compute()
    {
        inner.CopyTo(state, 0);
        Compress(firstBlocks);
        if (longMasks.AsSpan().Contains(uint.MaxValue))
        {
            state.CopyTo(afterFirst, 0);
            Compress(secondBlocks);
            KeepFirst();
        }
        // The outer hash covers the inner one: eight words, the padding bit and the length.
        state.CopyTo(firstBlocks, 0);
        firstBlocks.AsSpan(state.Length).Clear();
        firstBlocks.AsSpan(StateWords * Lanes, Lanes).Fill(0x80000000);
        firstBlocks.AsSpan((BlockWords - 1) * Lanes).Fill((BlockSize + (StateWords * sizeof(uint))) * 8);
        outer.CopyTo(state, 0);
        Compress(firstBlocks);
    }

    /// <summary>Reads the first 16 bytes of a lane's result as big-endian words.</summary>
    public (ulong First, ulong Second) ReadResult(int lane) =>
        (((ulong)state[lane] << 32) | state[Lanes + lane], ((ulong)state[(2 * Lanes) + lane] << 32) | state[(3 * Lanes) + lane]);

    private static void SetBlock(uint[] target, int lane, ReadOnlySpan<byte> block)
    {
        for (var i = 0; i < BlockWords; i++)
        {
            target[(i * Lanes) + lane] = BinaryPrimitives.ReadUInt32BigEndian(block[(i * sizeof(uint))..]);
        }
    }

    private void Absorb(uint[] target, ReadOnlySpan<byte> key, byte pad)
    {
        Span<byte> block = stackalloc byte[BlockSize];
        block.Fill(pad);
        for (var i = 0; i < key.Length; i++)
        {
            block[i] ^= key[i];
        }
        for (var lane = 0; lane < Lanes; lane++)
        {
            SetBlock(firstBlocks, lane, block);
        }
        for (var i = 0; i < StateWords; i++)
        {
            state.AsSpan(i * Lanes, Lanes).Fill(Initial[i]);
        }
        Compress(firstBlocks);
        state.CopyTo(target, 0);
    }

    // The state of a message of one block is the one after it.
    private void KeepFirst()
    {
        for (var i = 0; i < state.Length; i++)
        {
            var mask = longMasks[i % Lanes];
            state[i] = (state[i] & mask) | (afterFirst[i] & ~mask);
        }
    }

    private void Compress(uint[] words)
    {
        if (isWide)
        {
            Compress<Words512, Vector512<uint>>(state, words);
        }
        else
        {
            Compress<Words256, Vector256<uint>>(state, words);
        }
    }

    private static void Compress<TWords, T>(uint[] state, uint[] words) where TWords : struct, IWords<T> where T : struct
    {
        for (var lane = 0; lane < Lanes; lane += TWords.Count)
        {
            CompressLanes<TWords, T>(ref state[lane], ref words[lane]);
        }
    }

    // FIPS 180-4, 6.2.2. A ring of sixteen words holds the part of the schedule in use.
    private static void CompressLanes<TWords, T>(ref uint state, ref uint words) where TWords : struct, IWords<T> where T : struct
    {
        var (a, b, c, d) = (TWords.Load(ref state, 0), TWords.Load(ref state, Lanes), TWords.Load(ref state, 2 * Lanes),
            TWords.Load(ref state, 3 * Lanes));
        var (e, f, g, h) = (TWords.Load(ref state, 4 * Lanes), TWords.Load(ref state, 5 * Lanes), TWords.Load(ref state, 6 * Lanes),
            TWords.Load(ref state, 7 * Lanes));
        for (var t = 0; t < Constants.Length; t++)
        {
            var word = TWords.Load(ref words, Place(t));
            if (t >= BlockWords)
            {
                var (early, late) = (TWords.Load(ref words, Place(t + 1)), TWords.Load(ref words, Place(t + 14)));
                word = TWords.Add(
                    TWords.Add(word, TWords.Xor(TWords.Rotate(early, 7), TWords.Rotate(early, 18), TWords.Shift(early, 3))),
                    TWords.Add(
                        TWords.Load(ref words, Place(t + 9)),
                        TWords.Xor(TWords.Rotate(late, 17), TWords.Rotate(late, 19), TWords.Shift(late, 10))));
                TWords.Store(word, ref words, Place(t));
            }
            var one = TWords.Add(
                TWords.Add(h, TWords.Xor(TWords.Rotate(e, 6), TWords.Rotate(e, 11), TWords.Rotate(e, 25))),
                TWords.Add(TWords.Select(e, f, g), TWords.Add(TWords.All(Constants[t]), word)));
            var two = TWords.Add(TWords.Xor(TWords.Rotate(a, 2), TWords.Rotate(a, 13), TWords.Rotate(a, 22)), TWords.Majority(a, b, c));
            (h, g, f, e, d, c, b, a) = (g, f, e, TWords.Add(d, one), c, b, a, TWords.Add(one, two));
        }
        AddTo<TWords, T>(ref state, 0, a);
        AddTo<TWords, T>(ref state, 1, b);
        AddTo<TWords, T>(ref state, 2, c);
        AddTo<TWords, T>(ref state, 3, d);
        AddTo<TWords, T>(ref state, 4, e);
        AddTo<TWords, T>(ref state, 5, f);
        AddTo<TWords, T>(ref state, 6, g);
        AddTo<TWords, T>(ref state, 7, h);
    }

    private static void AddTo<TWords, T>(ref uint state, int index, T value) where TWords : struct, IWords<T> where T : struct =>
        TWords.Store(TWords.Add(TWords.Load(ref state, (nuint)(index * Lanes)), value), ref state, (nuint)(index * Lanes));

    // The place of a word of the schedule in the ring.
    private static nuint Place(int t) => (nuint)((t & (BlockWords - 1)) * Lanes);
}
