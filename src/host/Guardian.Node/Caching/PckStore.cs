using Guardian.Attestation.Verification;
using Guardian.Files.Durable;

namespace Guardian.Node.Caching;

/// <summary>
/// The PCK certificates of the cloud's hosts: a PEM file for each, <c>QEID-PCEID.pem</c>, with its certificates, their issuer and the root.
/// Thread-safe.
/// </summary>
/// <param name="folder">The folder.</param>
/// <param name="options">The roots of trust.</param>
/// <param name="log">Receives a line for each file that is not used.</param>
internal sealed class PckStore(string folder, VerifierOptions options, Action<string> log)
{
    // A cloud with more hosts has several caches.
    private const int MaxHosts = 4096;
    private const int MaxFileSize = 2 * 1024 * 1024;
    private const string Ending = ".pem";

    private readonly Lock gate = new();
    private readonly Dictionary<string, (DateTime Written, PckCertificateSet? Set)> read = [];

    /// <summary>The certificates by host.</summary>
    public IReadOnlyDictionary<string, PckCertificateSet> Hosts
    {
        get
        {
            lock (gate)
            {
                return read.Where(each => each.Value.Set is not null).ToDictionary(each => each.Key, each => each.Value.Set!);
            }
        }
    }

    /// <summary>Names a host.</summary>
    /// <param name="qeId">QE-ID, 16 bytes.</param>
    /// <param name="pceId">PCE-ID, 2 bytes, little-endian as in requests.</param>
    public static string NameOf(ReadOnlySpan<byte> qeId, ReadOnlySpan<byte> pceId) =>
        $"{Convert.ToHexStringLower(qeId)}-{Convert.ToHexStringLower(pceId)}";

    /// <summary>Finds the certificates of a host, as of the last <see cref="Refresh"/>; null when there are none.</summary>
    public PckCertificateSet? Find(string host)
    {
        lock (gate)
        {
            return read.TryGetValue(host, out var known) ? known.Set : null;
        }
    }

    /// <summary>The time at which a host's file was written; null when there is none.</summary>
    public DateTime? FindWritten(string host)
    {
        lock (gate)
        {
            return read.TryGetValue(host, out var known) && known.Set is not null ? known.Written : null;
        }
    }

    /// <summary>Reads the files that are new or were changed.</summary>
    /// <exception cref="IOException">The folder cannot be read.</exception>
    public void Refresh()
    {
        DurableFile.CreateDirectory(folder);
        var files = Directory.EnumerateFiles(folder, "*" + Ending).Take(MaxHosts).ToList();
        foreach (var path in files)
        {
            var name = Path.GetFileNameWithoutExtension(path);
            var written = File.GetLastWriteTimeUtc(path);
            lock (gate)
            {
                if (read.TryGetValue(name, out var known) && known.Written == written)
                {
                    continue;
                }
            }
            var set = Read(path, name);
            lock (gate)
            {
                read[name] = (written, set);
            }
        }
        lock (gate)
        {
            foreach (var gone in read.Keys.Except(files.Select(Path.GetFileNameWithoutExtension)).OfType<string>().ToList())
            {
                read.Remove(gone);
            }
        }
    }

    /// <summary>Stores the certificates of a host in place of earlier ones, if they verify and are of the named PCE.</summary>
    /// <returns>Null when done, or the problem.</returns>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public string? Write(string host, ReadOnlyMemory<byte> pem)
    {
        if (Check(pem, host) is var (set, problem) && set is null)
        {
            return problem;
        }
        DurableFile.CreateDirectory(folder);
        DurableFile.Replace(Path.Combine(folder, host + Ending), pem.Span);
        Refresh();
        return null;
    }

    private PckCertificateSet? Read(string path, string name)
    {
        try
        {
            if (new FileInfo(path).Length > MaxFileSize)
            {
                log($"{path} is not used: it has more than {MaxFileSize} bytes");
                return null;
            }
            var (set, problem) = Check(File.ReadAllBytes(path), name);
            if (set is null)
            {
                log($"{path} is not used: {problem}");
            }
            return set;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            log($"{path} is not used: {failure.Message}");
            return null;
        }
    }

    private (PckCertificateSet? Set, string? Problem) Check(ReadOnlyMemory<byte> pem, string host)
    {
        var (set, refusal) = PckCertificateSet.Verify(pem, options);
        if (set is null)
        {
            return (null, refusal!.Detail);
        }
        // Requests name PCE-ID in the other byte order than certificates.
        var pceId = Convert.ToHexStringLower([set.PceId.Span[1], set.PceId.Span[0]]);
        return host.EndsWith($"-{pceId}", StringComparison.Ordinal)
            ? (set, null)
            : (null, $"its certificates are for PCE-ID {pceId} (little-endian)");
    }
}
