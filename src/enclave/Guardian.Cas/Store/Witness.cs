using System.Buffers.Binary;
using System.Security.Cryptography.X509Certificates;
using Guardian.Attestation.Policy;
using Guardian.Attestation.Verification;
using Guardian.Cas.Client;

namespace Guardian.Cas.Store;

/// <summary>Keeps, outside the CAS's own host, how far its log has come. Used by one thread at a time; every call may throw <see cref="StoreException"/>.</summary>
internal interface IWitness : IDisposable
{
    /// <summary>The mark that the witness has, 32 bytes, or null when it never had one.</summary>
    byte[]? Read();

    /// <summary>Moves the mark, if it is what is expected.</summary>
    TagOutcome Move(byte[]? expected, byte[] next);
}

/// <summary>A place in a log, as a witness keeps it: 32 bytes, the line's number (8, big-endian) and the beginning of its SHA-256.</summary>
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

    /// <summary>Reads a mark; false for what is none.</summary>
    public static bool TryRead(ReadOnlySpan<byte> bytes, out WitnessMark mark)
    {
        mark = bytes.Length == Size ? new WitnessMark(BinaryPrimitives.ReadInt64BigEndian(bytes), Convert.ToHexStringLower(bytes[sizeof(long)..])) : default;
        return mark.Sequence > 0;
    }

    /// <summary>The mark of a line.</summary>
    public static WitnessMark Of(long sequence, string hash) => new(sequence, hash[..(2 * HashSize)]);
}

/// <summary>Another CAS as witness: the mark is a tag of a session there that admits this CAS.</summary>
internal sealed class CasWitness : IWitness
{
    /// <summary>The name of the tag.</summary>
    public const string Tag = "log";

    // Everything waits for it meanwhile.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly WitnessDescription place;
    private readonly CasClient client;

    /// <param name="policy">Which CAS is accepted as witness.</param>
    /// <param name="certificate">This CAS's RA-TLS certificate.</param>
    public CasWitness(WitnessDescription place, AttestationPolicy policy, X509Certificate2 certificate, EvidenceVerifier verifier, TimeProvider time)
    {
        this.place = place;
        client = new CasClient(new Uri(place.Address), policy, certificate, time, verifier: verifier);
    }

    public byte[]? Read() => Ask(cancellation => client.ReadTagAsync(place.Session, Tag, cancellation));

    public TagOutcome Move(byte[]? expected, byte[] next) => Ask(cancellation => client.SetTagAsync(place.Session, Tag, expected, next, cancellation));

    public void Dispose() => client.Dispose();

    private T Ask<T>(Func<CancellationToken, Task<T>> call)
    {
        using var patience = new CancellationTokenSource(Patience);
        try
        {
            // One thread of the vault waits, and every caller with it.
            return call(patience.Token).GetAwaiter().GetResult();
        }
        catch (CasException failure)
        {
            throw new StoreException($"the witness at {place.Address} does not confirm: {string.Join("; ", failure.Problems.Prepend(failure.Message))}", failure);
        }
        catch (OperationCanceledException)
        {
            throw new StoreException($"the witness at {place.Address} did not answer within {Patience.TotalSeconds} seconds");
        }
    }
}
