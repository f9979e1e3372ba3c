using Guardian.Cas.Client.Sessions;

namespace Guardian.Cas.Secrets;

/// <summary>Work with keys that a session needs, in units. A unit is about a millisecond of one processor.</summary>
/// <param name="Keys">The keys to draw, by the secrets' names, in the order of the document.</param>
/// <param name="Signatures">The signatures of certificates, in units.</param>
/// <param name="HasSlowSignatures">Whether some of them are by slow keys, and wait for their turn.</param>
internal sealed record KeyWork(IReadOnlyList<KeyValuePair<string, KeyType>> Keys, int Signatures, bool HasSlowSignatures)
{
    /// <summary>The units of a signature by a fast key: a certificate is built, signed and encoded.</summary>
    public const int FastSignature = 1;

    /// <summary>The units of a signature by an RSA key of 4096 bits, and of opening that key; those of P-384 cost about as much.</summary>
    public const int SlowSignature = 16;

    // Reads a kilobyte in about 0.2 ms, at worst.
    private const int BytesOfUnit = 4 * 1024;

    // Small texts are read at once.
    private const int FreeBytes = 16 * 1024;

    /// <summary>All of it.</summary>
    public int Units => Signatures + Keys.Sum(key => UnitsOf(key.Value));

    /// <summary>The units of drawing a key. RSA keys need large primes, which take a random number of attempts: these are means.</summary>
    public static int UnitsOf(KeyType type) => type switch
    {
        KeyType.Rsa3072 => 600,
        KeyType.Rsa2048 => 200,
        KeyType.P384 => 8,
        _ => 1,
    };

    /// <summary>The units of reading the text of a session. Texts that cost something are read in turns.</summary>
    /// <param name="size">The size in bytes.</param>
    public static int UnitsOfText(int size) => size <= FreeBytes ? 0 : size / BytesOfUnit;

    /// <summary>Whether drawing a key takes so long that it waits for its turn.</summary>
    public static bool IsSlow(KeyType type) => type is KeyType.Rsa2048 or KeyType.Rsa3072 or KeyType.P384;
}
