using System.Buffers.Binary;
using Guardian.Attestation.Evidence;
using Guardian.Attestation.Launch;
using Guardian.Attestation.Policy;
using Guardian.Attestation.Verification;
using Guardian.Cas.Client.Connection;
using Guardian.Cas.Client.Protocol;
using Guardian.Refusals;

namespace Guardian.Cas.Store;

/// <summary>
/// Remembers, outside the CAS's own host, how far its log has come. One thread at a time uses it; every call may throw
/// <see cref="StoreException"/>.
/// </summary>
internal interface IWitness : IDisposable
{
    /// <summary>Reads the mark of the witness, 32 bytes; null when it never had one.</summary>
    byte[]? ReadMark();

    /// <summary>Moves the mark if it has the expected value.</summary>
    TagOutcome MoveMark(byte[]? expected, byte[] next);
}

/// <summary>
/// A place in a log as a witness keeps it, 32 bytes: the line's number (8 bytes, big-endian) and the first 24 bytes of its SHA-256.
/// </summary>
internal readonly record struct WitnessMark(long Sequence, string Hash)
{
    private const int Size = 32;
    private const int HashSize = Size - sizeof(long);

    public byte[] ToBytes()
    {
        var bytes = new byte[Size];
        BinaryPrimitives.WriteInt64BigEndian(bytes, Sequence);
        Convert.FromHexString(Hash, bytes.AsSpan(sizeof(long)), out _, out _);
        return bytes;
    }

    /// <summary>Reads a mark; false when the bytes are not one.</summary>
    public static bool TryRead(ReadOnlySpan<byte> bytes, out WitnessMark mark)
    {
        mark = bytes.Length == Size
            ? new WitnessMark(BinaryPrimitives.ReadInt64BigEndian(bytes), Convert.ToHexStringLower(bytes[sizeof(long)..]))
            : default;
        return mark.Sequence > 0;
    }

    /// <summary>Makes the mark of a line.</summary>
    public static WitnessMark Of(long sequence, string hash) => new(sequence, hash[..(2 * HashSize)]);
}

/// <summary>Another CAS as witness. The mark is a tag of a session there that admits this CAS.</summary>
internal sealed class CasWitness : IWitness
{
    /// <summary>The name of the tag.</summary>
    public const string Tag = "log";

    // All callers of this CAS wait meanwhile.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly WitnessDescription place;
    private readonly Func<CancellationToken, Task<CasClient>> connect;
    private CasClient? connected;

    /// <param name="policy">The CAS that is accepted as witness.</param>
    /// <param name="quotes">Makes the quotes of this CAS.</param>
    public CasWitness(
        WitnessDescription place, AttestationPolicy policy, IQuoteProvider quotes, EvidenceVerifier verifier, TimeProvider time)
    {
        this.place = place;
        connect = cancellation => CasClient.ConnectEnclaveAsync(
            new Uri(place.Address), policy, new CasPins(place.Identity, null), identity =>
                EvidenceContext.CasWitnessed(identity, place.Session), quotes, time,
            verifier, cancellation);
    }

    /// <inheritdoc/>
    public byte[]? ReadMark() => Call((client, cancellation) => client.ReadTagAsync(place.Session, Tag, cancellation));

    /// <inheritdoc/>
    public TagOutcome MoveMark(byte[]? expected, byte[] next) =>
        Call((client, cancellation) => client.SetTagAsync(place.Session, Tag, expected, next, cancellation));

    /// <inheritdoc/>
    public void Dispose() => connected?.Dispose();

    private T Call<T>(Func<CasClient, CancellationToken, Task<T>> call)
    {
        using var patience = new CancellationTokenSource(Patience);
        try
        {
            // The vault's worker has to wait here.
            connected ??= connect(patience.Token).GetAwaiter().GetResult();
            return call(connected, patience.Token).GetAwaiter().GetResult();
        }
        catch (RefusedException refused)
        {
            var reasons = string.Join("; ", refused.Refusal.Problems.Prepend(refused.Message));
            throw new StoreException($"the witness at {place.Address} does not confirm: {reasons}", refused);
        }
        catch (OperationCanceledException)
        {
            throw new StoreException($"the witness at {place.Address} did not answer within {Patience.TotalSeconds} seconds");
        }
    }
}
