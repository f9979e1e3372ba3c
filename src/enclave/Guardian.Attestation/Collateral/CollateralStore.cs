using System.Globalization;
using Guardian.Files.Durable;

namespace Guardian.Attestation.Collateral;

/// <summary>
/// Collateral in a folder, a packed file for each platform, so that verification needs no network. Each file is whole or absent.
/// Thread-safe.
/// </summary>
/// <param name="directory">The folder; <see cref="Write"/> creates it.</param>
/// <param name="edition">The edition that it holds, under names of its own; null for <see cref="EvaluationSet.Standard"/>.</param>
public sealed class CollateralStore(string directory, EvaluationSet? edition = null) : ICollateralSource
{
    private readonly Lock gate = new();
    private readonly Dictionary<string, (DateTime Written, QuoteCollateral Collateral)> read = [];

    /// <summary>The edition.</summary>
    public EvaluationSet Edition { get; } = edition ?? EvaluationSet.Standard;

    /// <inheritdoc/>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public QuoteCollateral? Find(PlatformId platform)
    {
        var path = PathOf(platform);
        lock (gate)
        {
            if (!File.Exists(path))
            {
                return null;
            }
            // The same object while the file stays the same: verifiers find their earlier work by it.
            var written = File.GetLastWriteTimeUtc(path);
            if (read.TryGetValue(path, out var known) && known.Written == written)
            {
                return known.Collateral;
            }
            if (CollateralFiles.Read(path).Value is not { } collateral)
            {
                return null;
            }
            read[path] = (written, collateral);
            return collateral;
        }
    }

    /// <summary>Stores a platform's collateral in place of earlier collateral.</summary>
    /// <param name="platform">The platform.</param>
    /// <param name="collateral">The collateral.</param>
    /// <returns>The path of the file.</returns>
    /// <exception cref="IOException">The file cannot be written.</exception>
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
        var name = string.Create(CultureInfo.InvariantCulture, $"{platform.Tee}-{platform.Fmspc}-{platform.Authority}{Edition.FileEnding}");
        return Path.Combine(directory, name.ToLowerInvariant());
    }
}
