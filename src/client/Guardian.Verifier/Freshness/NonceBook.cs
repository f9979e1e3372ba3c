using System.Buffers.Binary;
using System.Buffers.Text;
using System.Security.Cryptography;
using Guardian.Refusals;
using Guardian.Verifier.Reasons;

namespace Guardian.Verifier.Freshness;

/// <summary>A nonce that this verifier made, and that was not used when it was read.</summary>
/// <param name="Text">The nonce as tokens have it, base64url.</param>
/// <param name="Bytes">The nonce as evidence has it, <see cref="NonceBook.Size"/> bytes.</param>
/// <param name="End">The end of its life, since the start of its book.</param>
internal sealed record Nonce(string Text, ReadOnlyMemory<byte> Bytes, TimeSpan End);

/// <summary>
/// Makes nonces, and takes each back once. A nonce carries its end and a code of this book, so that making one costs no memory: strangers
/// ask for nonces, and only evidence that verifies uses one up. Thread-safe.
/// </summary>
/// <remarks>Ages are measured, not read from the time of day: a clock that is set would give nonces a longer life, or used ones a second
/// one.</remarks>
/// <param name="time">The clock.</param>
internal sealed class NonceBook(TimeProvider time)
{
    /// <summary>Bytes of a nonce. As base64url they are 43 characters.</summary>
    public const int Size = 32;

    /// <summary>The used nonces that are kept, in all. Each is kept until it has expired.</summary>
    public const int MaxUsed = 100_000;

    /// <summary>The life of a nonce: a quoting enclave answers in milliseconds, and a person may copy files in between.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(5);

    private const int EndSize = 8;
    private const int BodySize = 16;
    private const int TextSize = 43;

    private readonly byte[] key = RandomNumberGenerator.GetBytes(32);
    private readonly Lock gate = new();
    private readonly HashSet<string> used = [];
    private readonly Queue<Nonce> order = new();
    private readonly long start = time.GetTimestamp();

    /// <summary>The number of used nonces that are kept.</summary>
    public int UsedCount
    {
        get
        {
            lock (gate)
            {
                return used.Count;
            }
        }
    }

    private TimeSpan Age => time.GetElapsedTime(start);

    /// <summary>Makes a nonce.</summary>
    // 8 bytes end in ticks since the start of the book | 8 random bytes | 16 bytes code over both
    public Nonce Make()
    {
        var bytes = new byte[Size];
        var end = Age + Lifetime;
        BinaryPrimitives.WriteInt64BigEndian(bytes, end.Ticks);
        RandomNumberGenerator.Fill(bytes.AsSpan(EndSize, BodySize - EndSize));
        Authenticate(bytes).CopyTo(bytes.AsSpan(BodySize));
        return new Nonce(Base64Url.EncodeToString(bytes), bytes, end);
    }

    /// <summary>Reads a nonce that somebody brings back. It stays unused.</summary>
    /// <param name="text">The text; any content.</param>
    /// <returns>The nonce, or a refusal.</returns>
    public Outcome<Nonce> Read(string text)
    {
        var bytes = new byte[Size];
        if (text.Length != TextSize || !Base64Url.IsValid(text) || !Base64Url.TryDecodeFromChars(text, bytes, out var size) || size != Size
            // The last character has two spare bits: another spelling of a used nonce would be a new one.
            || Base64Url.EncodeToString(bytes) != text
            || !CryptographicOperations.FixedTimeEquals(Authenticate(bytes), bytes.AsSpan(BodySize)))
        {
            return VerifierReasons.UnknownNonce.Because("the nonce is not one that this verifier made since its start");
        }
        // The code is this book's, so the instant is one that it wrote.
        var nonce = new Nonce(text, bytes, TimeSpan.FromTicks(BinaryPrimitives.ReadInt64BigEndian(bytes)));
        lock (gate)
        {
            return Age >= nonce.End ? Expired()
                : used.Contains(text) ? VerifierReasons.UsedNonce.Because("a token was already made for the nonce")
                : nonce;
        }
    }

    /// <summary>Uses a nonce up. Of several calls at a time, one succeeds.</summary>
    /// <returns>The refusal; null if the nonce was unused.</returns>
    public Refusal? Use(Nonce nonce)
    {
        lock (gate)
        {
            var now = Age;
            while (order.TryPeek(out var oldest) && oldest.End <= now)
            {
                used.Remove(order.Dequeue().Text);
            }
            if (now >= nonce.End)
            {
                return Expired();
            }
            if (used.Count >= MaxUsed)
            {
                return VerifierReasons.Busy.Because("the verifier keeps as many used nonces as it may; they expire within minutes");
            }
            if (!used.Add(nonce.Text))
            {
                return VerifierReasons.UsedNonce.Because("a token was already made for the nonce");
            }
            order.Enqueue(nonce);
            return null;
        }
    }

    private static Refusal Expired() =>
        VerifierReasons.ExpiredNonce.Because($"the nonce is older than {Lifetime.TotalMinutes:0} minutes");

    private ReadOnlySpan<byte> Authenticate(ReadOnlySpan<byte> nonce) =>
        HMACSHA256.HashData(key, nonce[..BodySize]).AsSpan(0, Size - BodySize);
}
