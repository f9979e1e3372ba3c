using Guardian.Refusals;

namespace Guardian.Metering;

/// <summary>The EPC that a host gave its servers last: from the claims that it remembers, and else from its journal.</summary>
public sealed class KnownEpc
{
    private readonly IReadOnlyDictionary<Guid, KnownClaim> claims;
    private readonly Dictionary<(Guid Instance, string Flavor), long> defined;

    private KnownEpc(IReadOnlyDictionary<Guid, KnownClaim> claims, Dictionary<(Guid Instance, string Flavor), long> defined) =>
        (this.claims, this.defined) = (claims, defined);

    /// <summary>Reads a host's journal and the file of claims beside it, even while the daemon writes them.</summary>
    /// <param name="journal">The journal's path.</param>
    /// <returns>The knowledge, or null when there is no journal, or when the caller may not look into its folder.</returns>
    /// <exception cref="RefusedException"><see cref="MeteringReasons.DamagedJournal"/>.</exception>
    /// <exception cref="IOException">The disk failed.</exception>
    /// <exception cref="UnauthorizedAccessException">The caller may not read the files.</exception>
    public static KnownEpc? Read(string journal)
    {
        if (JournalFiles.List(journal).Count == 0)
        {
            return null;
        }
        var defined = new Dictionary<(Guid Instance, string Flavor), long>();
        foreach (var record in Journal.Read(journal, DateTimeOffset.MaxValue))
        {
            // A later definition without EPC does not end what the flavor promises.
            if (record is { Kind: JournalKind.Defined, Mebibytes: > 0, Instance: { } instance, Flavor: { } flavor })
            {
                defined[(instance, flavor)] = record.Mebibytes;
            }
        }
        return new KnownEpc(KnownClaims.Read(KnownClaims.PathBeside(journal)), defined);
    }

    /// <summary>Finds the EPC that a server had under a flavor, in MiB; null when it is not known here.</summary>
    /// <param name="instance">The server.</param>
    /// <param name="flavor">The flavor's name.</param>
    public long? FindMebibytes(Guid instance, string flavor) =>
        claims.TryGetValue(instance, out var known) && known.Flavor == flavor ? known.Mebibytes
        : defined.TryGetValue((instance, flavor), out var mebibytes) ? mebibytes
        : null;
}
