using System.Text;
using Guardian.Files.Durable;

namespace Guardian.Node.Relay;

/// <summary>
/// The instances for which Placement said that they have no EPC, with the flavor they had then: they are not held up while Placement is away, also after a restart. Thread-safe.
/// </summary>
/// <remarks>
/// A file of lines, <c>UUID FLAVOR</c>, or <c>UUID</c> alone when that is no longer so; the last one of an instance counts. Lines are not synced: one that a crash takes away is asked for again.
/// </remarks>
internal sealed class PlainInstances : IDisposable
{
    // An instance is two words and a flavor's name.
    private const int MaxCount = 4096;

    private const int UuidSize = 36;

    private readonly Lock gate = new();
    private readonly Dictionary<Guid, string> flavors = [];
    private readonly string path;
    private StreamWriter file;
    private int lines;

    /// <summary>Reads what is known, or begins anew.</summary>
    /// <exception cref="IOException">The disk failed.</exception>
    /// <exception cref="UnauthorizedAccessException">The file belongs to somebody else.</exception>
    public PlainInstances(string path)
    {
        this.path = path;
        // What follows the last line feed is what a crash left of a line.
        foreach (var line in (File.Exists(path) ? File.ReadAllText(path) : "").Split('\n')[..^1])
        {
            if (line.Length >= UuidSize && Guid.TryParseExact(line[..UuidSize], "D", out var instance))
            {
                Remember(instance, line.Length > UuidSize ? line[(UuidSize + 1)..] : null);
            }
        }
        file = Rewrite();
    }

    /// <summary>Notes what Placement said of an instance.</summary>
    /// <param name="flavor">Its flavor's name when it has no EPC; null when it has some.</param>
    /// <exception cref="IOException">The disk failed; it is known until the next restart all the same.</exception>
    public void Note(Guid instance, string? flavor)
    {
        // No line can hold such a name, which Nova does not allow either.
        flavor = flavor?.Contains('\n', StringComparison.Ordinal) == true ? null : flavor;
        lock (gate)
        {
            if (flavors.GetValueOrDefault(instance) == flavor)
            {
                return;
            }
            Remember(instance, flavor);
            if (++lines > 2 * MaxCount)
            {
                file.Dispose();
                file = Rewrite();
                return;
            }
            file.Write(flavor is null ? $"{instance}\n" : $"{instance} {flavor}\n");
            file.Flush();
        }
    }

    /// <summary>Whether an instance is known to have no EPC under this flavor.</summary>
    public bool Contains(Guid instance, string flavor)
    {
        lock (gate)
        {
            return flavors.GetValueOrDefault(instance) == flavor;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => file.Dispose();

    private void Remember(Guid instance, string? flavor)
    {
        if (flavor is null)
        {
            flavors.Remove(instance);
            return;
        }
        if (flavors.Count >= MaxCount)
        {
            flavors.Clear();
        }
        flavors[instance] = flavor;
    }

    private StreamWriter Rewrite()
    {
        DurableFile.Replace(path, Encoding.UTF8.GetBytes(string.Concat(flavors.Select(instance => $"{instance.Key} {instance.Value}\n"))));
        lines = flavors.Count;
        return new StreamWriter(path, append: true);
    }
}
