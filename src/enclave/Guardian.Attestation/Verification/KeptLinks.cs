namespace Guardian.Attestation.Verification;

/// <summary>
/// Links of quotes that were verified, by the very bytes from which they came. Bytes that differ in one bit are another link.
/// </summary>
/// <typeparam name="T">The result of the bytes; disposed when it is forgotten.</typeparam>
internal sealed class KeptLinks<T> : IDisposable
    where T : class, IDisposable
{
    // A service sees few platforms and few quoting enclaves. A peer that invents many must not fill the memory.
    private const int MaxSize = 4 << 20;

    // An imported key, with what OpenSSL and the table keep for it.
    private const int Overhead = 4_096;

    private readonly Dictionary<byte[], T> links = new(new ByContent());
    private int size;

    public T? Find(ReadOnlySpan<byte> bytes) =>
        links.GetAlternateLookup<ReadOnlySpan<byte>>().TryGetValue(bytes, out var link) ? link : null;

    /// <summary>Keeps a link. All others are forgotten when they would take more than 4 MiB with it.</summary>
    public T Add(ReadOnlySpan<byte> bytes, T link)
    {
        var added = bytes.Length + Overhead;
        if (size + added > MaxSize)
        {
            Dispose();
        }
        size += added;
        links.Add(bytes.ToArray(), link);
        return link;
    }

    /// <summary>Forgets all links.</summary>
    public void Dispose()
    {
        foreach (var link in links.Values)
        {
            link.Dispose();
        }
        links.Clear();
        size = 0;
    }

    private sealed class ByContent : IEqualityComparer<byte[]>, IAlternateEqualityComparer<ReadOnlySpan<byte>, byte[]>
    {
        public bool Equals(byte[]? x, byte[]? y) => x.AsSpan().SequenceEqual(y);

        public bool Equals(ReadOnlySpan<byte> alternate, byte[] other) => alternate.SequenceEqual(other);

        public int GetHashCode(byte[] obj) => GetHashCode(obj.AsSpan());

        public int GetHashCode(ReadOnlySpan<byte> alternate)
        {
            var hash = default(HashCode);
            hash.AddBytes(alternate);
            return hash.ToHashCode();
        }

        public byte[] Create(ReadOnlySpan<byte> alternate) => alternate.ToArray();
    }
}
