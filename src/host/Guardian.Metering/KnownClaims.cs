using System.Text;
using Guardian.Files.Durable;
using Guardian.OpenStack.Placement;

namespace Guardian.Metering;

/// <summary>
/// The claims of this host's servers, as Placement stated them last. A server restarts with them while Placement or Keystone is away, and a
/// server that had EPC does not start without it.
/// </summary>
/// <remarks>
/// Thread-safe. A file of lines (<see cref="KnownClaim.ToLine"/>) holds them; the last line of a server counts. A line about a server with
/// EPC is on disk before it counts. If a crash loses the line of a plain server, Placement is asked again.
/// </remarks>
public sealed class KnownClaims : IDisposable
{
    // Of each kind. A server costs about a hundred bytes, and a host holds far fewer at a time.
    private const int MaxCount = 4096;

    // More than twice the largest file that this class writes.
    private const int MaxFileSize = 16 * 1024 * 1024;

    // The file's lock is another one, so that a slow disk delays nobody who only reads.
    private readonly Lock gate = new();
    private readonly Lock writing = new();
    private readonly Dictionary<Guid, Entry> entries = [];
    private readonly string path;
    private FileStream file;
    private int lines;
    private long uses;

    private KnownClaims(string path)
    {
        this.path = path;
        foreach (var claim in Read(path).Values)
        {
            Keep(claim);
        }
        file = Rewrite();
    }

    /// <summary>Makes the path of the file that belongs to a journal.</summary>
    /// <param name="journal">The journal's path.</param>
    public static string PathBeside(string journal) => journal + ".claims";

    /// <summary>Opens the file, or creates it with mode 0600. Damaged lines are no knowledge.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="IOException">The disk failed.</exception>
    /// <exception cref="UnauthorizedAccessException">The file belongs to another user.</exception>
    public static KnownClaims Open(string path) => new(path);

    /// <summary>Reads a file, even while the daemon writes it; empty when there is none.</summary>
    /// <param name="path">The file.</param>
    /// <returns>The servers in the order of their last lines. Damaged lines, and a file of more than 16 MiB, are left out.</returns>
    /// <exception cref="IOException">The disk failed.</exception>
    /// <exception cref="UnauthorizedAccessException">The file belongs to another user.</exception>
    public static IReadOnlyDictionary<Guid, KnownClaim> Read(string path)
    {
        var known = new OrderedDictionary<Guid, KnownClaim>();
        if (!File.Exists(path) || new FileInfo(path).Length > MaxFileSize)
        {
            return known;
        }
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        using var content = new MemoryStream();
        stream.CopyTo(content);
        // The text after the last line feed is part of a line that a crash has torn.
        foreach (var line in Encoding.UTF8.GetString(content.GetBuffer(), 0, (int)content.Length).Split('\n')[..^1])
        {
            if (KnownClaim.TryParse(line) is { } claim)
            {
                known[claim.Instance] = claim;
            }
        }
        return known;
    }

    /// <summary>Finds a server's claims under a flavor: empty when it has no EPC, null when they are not known.</summary>
    /// <param name="instance">The server.</param>
    /// <param name="flavor">Its flavor's name; a resize changes it.</param>
    public IReadOnlyList<EpcClaim>? Find(Guid instance, string flavor)
    {
        lock (gate)
        {
            if (!entries.TryGetValue(instance, out var entry) || entry.Claim.Flavor != flavor)
            {
                return null;
            }
            entries[instance] = entry with { Used = ++uses };
            return entry.Claim.Claims;
        }
    }

    /// <summary>Notes a server's claims. Claims that the file cannot express are not noted, and then the server is not known.</summary>
    /// <param name="instance">The server.</param>
    /// <param name="flavor">Its flavor's name.</param>
    /// <param name="claims">Its claims; empty when it has no EPC.</param>
    /// <exception cref="IOException">The disk failed; the claims are known until the next restart.</exception>
    public void Note(Guid instance, string flavor, IReadOnlyList<EpcClaim> claims)
    {
        ArgumentNullException.ThrowIfNull(flavor);
        ArgumentNullException.ThrowIfNull(claims);
        var claim = new KnownClaim(instance, flavor, [.. claims.Select(claim => claim with { Provider = Guid.Empty })]);
        lock (writing)
        {
            lock (gate)
            {
                if (entries.TryGetValue(instance, out var entry) && entry.Claim.Equals(claim))
                {
                    return;
                }
                if (!claim.IsExpressible)
                {
                    entries.Remove(instance);
                    return;
                }
                Keep(claim);
            }
            Write(claim);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => file.Dispose();

    private void Write(KnownClaim claim)
    {
        if (++lines > 4 * MaxCount)
        {
            // The old file stays in use if the disk has no space for the new one.
            var old = file;
            file = Rewrite();
            old.Dispose();
            return;
        }
        var size = file.Position;
        try
        {
            file.Write(claim.ToLine());
            file.Flush(flushToDisk: claim.Claims.Count > 0);
        }
        catch (IOException)
        {
            // The next line must not follow half a line.
            file.SetLength(size);
            throw;
        }
    }

    // Servers come and go; the one that was not asked for longest goes first. A plain server never displaces one with EPC.
    private void Keep(KnownClaim claim)
    {
        var hasEpc = claim.Claims.Count > 0;
        if (!entries.ContainsKey(claim.Instance))
        {
            var kind = entries.Where(entry => entry.Value.Claim.Claims.Count > 0 == hasEpc).ToList();
            if (kind.Count >= MaxCount)
            {
                entries.Remove(kind.MinBy(entry => entry.Value.Used).Key);
            }
        }
        entries[claim.Instance] = new Entry(claim, ++uses);
    }

    private FileStream Rewrite()
    {
        using var text = new MemoryStream();
        int count;
        lock (gate)
        {
            foreach (var entry in entries.Values.OrderBy(entry => entry.Used))
            {
                text.Write(entry.Claim.ToLine());
            }
            count = entries.Count;
        }
        DurableFile.Replace(path, text.GetBuffer().AsSpan(0, (int)text.Length));
        var opened = DurableFile.Open(path);
        opened.Seek(0, SeekOrigin.End);
        lines = count;
        return opened;
    }

    private readonly record struct Entry(KnownClaim Claim, long Used);
}
