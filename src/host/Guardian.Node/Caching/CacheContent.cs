using Guardian.Attestation.Collateral;
using Guardian.Attestation.Keeping;
using Guardian.Attestation.Quotes;

namespace Guardian.Node.Caching;

/// <summary>Collateral that is kept for one version of the interface and one edition.</summary>
/// <param name="Keeper">Renews it.</param>
/// <param name="Store">Has it.</param>
/// <param name="Version">The interface's version, 3 or 4.</param>
internal sealed record KeptStore(CollateralKeeper Keeper, CollateralStore Store, int Version);

/// <summary>Finds the newest valid document for a request. Thread-safe.</summary>
/// <param name="stores">The kept collateral.</param>
internal sealed class CacheContent(IReadOnlyList<KeptStore> stores)
{
    // The summary of collateral costs a parse, and belongs to one object.
    private readonly Lock gate = new();
    private readonly Dictionary<(KeptStore Store, PlatformId Platform), Entry> known = [];

    /// <summary>Finds the collateral with the document that a request asks for.</summary>
    /// <param name="request">The request.</param>
    /// <param name="now">The instant at which the document must be valid.</param>
    /// <returns>The collateral; null when there is none, or when the document has expired.</returns>
    public QuoteCollateral? Find(CacheRequest request, DateTimeOffset now)
    {
        var (piece, matches) = Describe(request);
        return List()
            .Where(entry => entry.Store.Version == request.Version && matches(entry.Platform) && IsOfEdition(entry, request))
            .Select(entry => new { entry.Collateral, Piece = entry.Summary.Pieces.FirstOrDefault(each => each.Name == piece) })
            .Where(each => each.Piece is not null && now >= each.Piece.From && now <= each.Piece.To)
            .MaxBy(each => each.Piece!.From)?.Collateral;
    }

    /// <summary>Finds the standard collateral of a platform, which ranks its PCK certificates; null when there is none.</summary>
    public QuoteCollateral? FindStandard(PlatformId platform) => List().FirstOrDefault(
        entry => entry.Store.Version == 4 && entry.Store.Store.Edition == EvaluationSet.Standard && entry.Platform == platform)?.Collateral;

    // The piece of the collateral that a document is, and the platforms that have it.
    private static (string Piece, Func<PlatformId, bool> Matches) Describe(CacheRequest request) => request.Document switch
    {
        CacheDocument.TcbInfo => ("tcbinfo", platform => platform.Tee == request.Tee && platform.Fmspc == request.Fmspc),
        CacheDocument.QeIdentity => ("qeid", platform => platform.Tee == request.Tee),
        CacheDocument.QveIdentity => ("qveid", platform => platform.Tee == TeeType.Sgx),
        CacheDocument.PckList => ("pckcrl", platform => platform.Authority == request.Authority),
        _ => ("rootcrl", _ => true),
    };

    // Lists have no edition. A numbered edition is served from whichever kept edition has this number.
    private static bool IsOfEdition(Entry entry, CacheRequest request) => request.Document switch
    {
        CacheDocument.PckList or CacheDocument.RootList => true,
        CacheDocument.TcbInfo when request.Edition.Number is { } number => entry.Summary.EvaluationDataNumber == number,
        CacheDocument.QeIdentity when request.Edition.Number is { } number => entry.Summary.QeEvaluationDataNumber == number,
        CacheDocument.QveIdentity when request.Edition.Number is not null => false,
        _ => entry.Store.Store.Edition == request.Edition,
    };

    private List<Entry> List()
    {
        var entries = new List<Entry>();
        foreach (var store in stores)
        {
            foreach (var platform in store.Keeper.Kept.Select(kept => kept.Platform))
            {
                if (store.Store.Find(platform) is { } collateral && Summarise(store, platform, collateral) is { } entry)
                {
                    entries.Add(entry);
                }
            }
        }
        return entries;
    }

    private Entry? Summarise(KeptStore store, PlatformId platform, QuoteCollateral collateral)
    {
        lock (gate)
        {
            if (known.TryGetValue((store, platform), out var entry) && ReferenceEquals(entry.Collateral, collateral))
            {
                return entry;
            }
            return CollateralSummary.TryRead(collateral).Value is { } summary
                ? known[(store, platform)] = new Entry(store, platform, collateral, summary)
                : null;
        }
    }

    private sealed record Entry(KeptStore Store, PlatformId Platform, QuoteCollateral Collateral, CollateralSummary Summary);
}
