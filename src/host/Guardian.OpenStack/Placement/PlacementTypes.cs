namespace Guardian.OpenStack.Placement;

/// <summary>Something that has resources: a compute host, or a part of one.</summary>
/// <param name="Uuid">Placement's identifier.</param>
/// <param name="Name">The name, unique in the cloud.</param>
/// <param name="Generation">A number that rises with each change; Placement refuses a change of an older generation.</param>
/// <param name="ParentProviderUuid">The provider above it; null for a host.</param>
/// <param name="RootProviderUuid">Its host's provider; itself for a host.</param>
public sealed record ResourceProvider(Guid Uuid, string Name, long Generation, Guid? ParentProviderUuid, Guid RootProviderUuid);

/// <summary>A provider's amount of one resource class, in the class's unit: MiB for EPC.</summary>
/// <param name="Total">The amount.</param>
/// <param name="Reserved">The part that guests cannot claim.</param>
/// <param name="MinUnit">The smallest claim.</param>
/// <param name="MaxUnit">The largest claim.</param>
/// <param name="StepSize">The divisor of every claim.</param>
/// <param name="AllocationRatio">The factor by which claims may exceed the amount; 1 allows none.</param>
public sealed record Inventory(long Total, long Reserved, long MinUnit, long MaxUnit, long StepSize, double AllocationRatio);

/// <summary>A provider's inventories by class, as of a generation.</summary>
public sealed record ProviderInventories(long ResourceProviderGeneration, IReadOnlyDictionary<string, Inventory> Inventories);

/// <summary>A provider's traits, as of a generation.</summary>
public sealed record ProviderTraits(long ResourceProviderGeneration, IReadOnlyList<string> Traits);

/// <summary>One provider of a tree that has free EPC.</summary>
/// <param name="Resources">The amounts by class.</param>
/// <param name="Traits">The provider's own traits.</param>
/// <param name="RootProviderUuid">The host's provider.</param>
internal sealed record ProviderSummary(
    IReadOnlyDictionary<string, ResourceSummary> Resources, IReadOnlyList<string> Traits, Guid RootProviderUuid);

/// <summary>A provider's amount of one class.</summary>
/// <param name="Capacity">The amount that consumers may claim in all: total less reserved, times the allocation ratio.</param>
/// <param name="Used">The amount that they have claimed.</param>
internal sealed record ResourceSummary(long Capacity, long Used)
{
    /// <summary>The amount that can still be claimed.</summary>
    public long Free => Math.Max(0, Capacity - Used);
}

/// <summary>Amounts by class.</summary>
internal sealed record Amounts(IReadOnlyDictionary<string, long> Resources);

/// <summary>A consumer's claims, by provider.</summary>
/// <param name="Allocations">The amounts by provider; empty when nothing is claimed.</param>
/// <param name="ProjectId">The consumer's project; null when nothing is claimed.</param>
internal sealed record ConsumerAllocations(IReadOnlyDictionary<Guid, Amounts> Allocations, string? ProjectId = null);
