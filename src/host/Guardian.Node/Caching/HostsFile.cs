using System.Buffers;

namespace Guardian.Node.Caching;

/// <summary>A host as Intel's PCK ID Retrieval Tool describes it.</summary>
/// <param name="Name">The host's name in the store of certificates.</param>
/// <param name="EncryptedPpid">The PPID, encrypted for Intel: 768 hex digits.</param>
/// <param name="PceId">PCE-ID, little-endian: 4 hex digits.</param>
internal sealed record CollateralHost(string Name, string EncryptedPpid, string PceId);

/// <summary>
/// Reads files of Intel's PCK ID Retrieval Tool (<c>pckid_retrieval.csv</c>): a line for each host, with EncryptedPPID (384 bytes), PCE_ID
/// (2 bytes), CPUSVN (16 bytes), PCE ISVSVN (2 bytes) and QE_ID (16 bytes) in hex, and sometimes a platform manifest.
/// </summary>
internal static class HostsFile
{
    private const int MaxFileSize = 8 * 1024 * 1024;
    private const int MaxHosts = 4096;
    private const int MinFields = 5;
    private const int MaxFields = 6;
    private const int PpidSize = 384;
    private const int SvnSize = 16;
    private const int ShortSize = 2;

    /// <summary>Reads the lines of a file.</summary>
    /// <param name="text">The file's text.</param>
    /// <returns>The hosts, each once; null when a line is malformed. Never throws for any content.</returns>
    public static List<CollateralHost>? TryRead(string text)
    {
        var hosts = new Dictionary<string, CollateralHost>();
        foreach (var line in text.Split('\n'))
        {
            var fields = line.Split(',', MaxFields + 1, StringSplitOptions.TrimEntries);
            if (fields is [""])
            {
                continue;
            }
            if (fields.Length is < MinFields or > MaxFields || hosts.Count == MaxHosts || TryReadHost(fields) is not { } host)
            {
                return null;
            }
            hosts[host.Name] = host;
        }
        return [.. hosts.Values];
    }

    /// <summary>Reads the files of a folder.</summary>
    /// <param name="folder">The folder; each <c>*.csv</c> in it is read.</param>
    /// <param name="log">Receives a line for each file that is not used.</param>
    /// <exception cref="IOException">The folder cannot be read.</exception>
    public static List<CollateralHost> ReadFolder(string folder, Action<string> log)
    {
        var hosts = new List<CollateralHost>();
        foreach (var path in Directory.EnumerateFiles(folder, "*.csv").Order(StringComparer.Ordinal))
        {
            if (new FileInfo(path).Length > MaxFileSize || TryRead(File.ReadAllText(path)) is not { } read)
            {
                log($"{path} is not used: it is no file of Intel's PCK ID Retrieval Tool");
                continue;
            }
            hosts.AddRange(read);
        }
        return [.. hosts.DistinctBy(host => host.Name).Take(MaxHosts)];
    }

    private static CollateralHost? TryReadHost(string[] fields) =>
        ReadHex(fields[0], PpidSize) is { } ppid && ReadHex(fields[1], ShortSize) is { } pceId && ReadHex(fields[2], SvnSize) is not null
        && ReadHex(fields[3], ShortSize) is not null && ReadHex(fields[4], SvnSize) is { } qeId
            ? new CollateralHost(PckStore.NameOf(qeId, pceId), Convert.ToHexStringLower(ppid), Convert.ToHexStringLower(pceId))
            : null;

    private static byte[]? ReadHex(string text, int size)
    {
        var bytes = new byte[size];
        return text.Length == 2 * size && Convert.FromHexString(text, bytes, out _, out _) == OperationStatus.Done ? bytes : null;
    }
}
