using System.Globalization;
using Guardian.Files.Durable;

namespace Guardian.Attestation.Collateral;

/// <summary>Collateral in a folder, a packed file for each platform: what was fetched once is there without a network. Each file is whole
/// or absent. Thread-safe.</summary>
public sealed class CollateralStore(string directory) : ICollateralSource
{
    private readonly Lock gate = new();
    private readonly Dictionary<string, (DateTime Written, QuoteCollateral Collateral)> read = [];

    /// <inheritdoc/>
    public QuoteCollateral? Find(PlatformId platform)
    {
        var path = PathOf(platform);
        lock (gate)
        {
            if (!File.Exists(path))
            {
                return null;
            }
            // The same object as long as the file stays: verifiers keep what they verified by it.
            var written = File.GetLastWriteTimeUtc(path);
            if (read.TryGetValue(path, out var known) && known.Written == written)
            {
                return known.Collateral;
            }
            if (CollateralFiles.Read(path, out _) is not { } collateral)
            {
                return null;
            }
            read[path] = (written, collateral);
            return collateral;
        }
    }

    /// <summary>Keeps a platform's collateral, in place of what was there.</summary>
    /// <returns>The file.</returns>
    public string Write(PlatformId platform, QuoteCollateral collateral)
    {
        DurableFile.CreateDirectory(directory);
        var path = PathOf(platform);
        DurableFile.Replace(path, CollateralFiles.Pack(collateral));
        return path;
    }

    private string PathOf(PlatformId platform)
    {
        ArgumentNullException.ThrowIfNull(platform);
        return Path.Combine(directory,
            string.Create(CultureInfo.InvariantCulture, $"{platform.Tee}-{platform.Fmspc}-{platform.Authority}.json").ToLowerInvariant());
    }
}
