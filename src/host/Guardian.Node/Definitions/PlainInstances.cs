using System.Text;
using Guardian.Files.Durable;

namespace Guardian.Node.Definitions;

/// <summary>
/// The servers that have no EPC according to Placement, with the flavor that they had then. They are not delayed while Placement is away,
/// even after a restart.
/// </summary>
/// <remarks>
/// Thread-safe. A file of lines holds them: <c>UUID FLAVOR</c>, or <c>UUID</c> alone when a server has EPC after all; the last line of a
/// server counts. Lines are not synced: if a crash loses one, Placement is asked again.
/// </remarks>
internal sealed class PlainInstances : IDisposable
{
    // A server costs two words and a flavor's name.
    private const int MaxCount = 4096;

    private const int UuidSize = 36;

    private readonly Lock gate = new();
    private readonly Dictionary<Guid, string> flavors = [];
    private readonly string path;
    private StreamWriter file;
    private int lines;

    /// <summary>Reads the file, or creates it.</summary>
    /// <exception cref="IOException">The disk failed.</exception>
    /// <exception cref="UnauthorizedAccessException">The file belongs to another user.</exception>
    public PlainInstances(string path)
    {
        this.path = path;
        // The text after the last line feed is part of a line that a crash has torn.
        foreach (var line in (File.Exists(path) ? File.ReadAllText(path) : "").Split('\n')[..^1])
        {
            if (line.Length >= UuidSize && Guid.TryParseExact(line[..UuidSize], "D", out var instance))
            {
                Remember(instance, line.Length > UuidSize ? line[(UuidSize + 1)..] : null);
            }
        }
        file = Rewrite();
    }

    /// <summary>Notes Placement's answer for a server.</summary>
    /// <param name="instance">The server.</param>
    /// <param name="flavor">Its flavor's name when it has no EPC; null when it has some.</param>
    /// <exception cref="IOException">The disk failed; the answer is known until the next restart.</exception>
    public void Note(Guid instance, string? flavor)
    {
        // No line can hold such a name, and Nova does not allow it.
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

    /// <summary>Whether a server is known to have no EPC under this flavor.</summary>
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
        var text = string.Concat(flavors.Select(instance => $"{instance.Key} {instance.Value}\n"));
        DurableFile.Replace(path, Encoding.UTF8.GetBytes(text));
        lines = flavors.Count;
        return new StreamWriter(path, append: true);
    }
}
