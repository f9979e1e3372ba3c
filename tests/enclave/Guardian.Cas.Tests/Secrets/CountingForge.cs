using System.Collections.Concurrent;
using Guardian.Cas.Client.Sessions;
using Guardian.Cas.Secrets;

namespace Guardian.Cas.Tests.Secrets;

/// <summary>Counts the keys that a CAS draws, and gives the same ones again, because tests need no new ones.</summary>
internal sealed class CountingForge
{
    private static readonly ConcurrentDictionary<KeyType, byte[]> Known = new();
    private int drawn;

    public CountingForge(int threads = 1) => Forge = new KeyForge(Draw, threads);

    public KeyForge Forge { get; }

    /// <summary>Called before each key.</summary>
    public Action<KeyType>? Before { get; set; }

    public int Drawn => Volatile.Read(ref drawn);

    private byte[] Draw(KeyType type)
    {
        Interlocked.Increment(ref drawn);
        Before?.Invoke(type);
        // An RSA key of 3072 bits would only make the tests slower.
        return Known.GetOrAdd(type == KeyType.Rsa3072 ? KeyType.Rsa2048 : type, KeyPair.Create);
    }
}
