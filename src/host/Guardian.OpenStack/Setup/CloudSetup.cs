using System.Globalization;
using Guardian.OpenStack.Compute;
using Guardian.OpenStack.Placement;
using Guardian.Refusals;

namespace Guardian.OpenStack.Setup;

/// <summary>A flavor with enclave memory or with TDX, as an operator wants it.</summary>
/// <param name="Name">The name.</param>
/// <param name="Vcpus">The number of virtual processors.</param>
/// <param name="Ram">MiB.</param>
/// <param name="Disk">GiB.</param>
/// <param name="EpcMebibytes">MiB, at least 1; 0 for a flavor of TDX guests.</param>
public sealed record SgxFlavor(string Name, int Vcpus, int Ram, int Disk, int EpcMebibytes)
{
    /// <summary>The extra specs that make Nova's scheduler claim EPC, or a TDX key, on a healthy host.</summary>
    public IReadOnlyDictionary<string, string> ExtraSpecs { get; } = new Dictionary<string, string>
    {
        [$"resources:{(EpcMebibytes > 0 ? Epc.ResourceClass : Tdx.ResourceClass)}"] =
            Math.Max(EpcMebibytes, 1).ToString(CultureInfo.InvariantCulture),
        [$"trait:{Epc.SgxTrait}"] = "required",
        [$"trait:{Epc.HealthyTrait}"] = "required",
    };

    /// <summary>Whether its servers are TDX guests.</summary>
    internal bool IsTdx => EpcMebibytes == 0;
}

/// <summary>One resource that a cloud needs for SGX guests.</summary>
/// <param name="What">The resource, for people, such as <c>flavor sgx.small</c>.</param>
/// <param name="State">The outcome.</param>
/// <param name="Detail">The problem that a person must solve; null when there is none.</param>
public sealed record SetupStep(string What, SetupState State, string? Detail = null);

/// <summary>The outcome of a step.</summary>
public enum SetupState
{
    /// <summary>It was as it should be.</summary>
    Unchanged,

    /// <summary>It was created, or changed to what it should be.</summary>
    Changed,

    /// <summary>Another resource has its name; a person must decide.</summary>
    Conflicting,
}

/// <summary>Prepares a cloud for SGX guests. A second run changes nothing that is right.</summary>
/// <param name="placement">Placement.</param>
/// <param name="nova">Nova.</param>
public sealed class CloudSetup(PlacementClient placement, NovaClient nova)
{
    /// <summary>The aggregate metadata that keeps plain guests off SGX hosts, if schedulers filter by isolated aggregates.</summary>
    public const string IsolationKey = $"trait:{Epc.SgxTrait}";

    /// <summary>Creates the resources that are missing.</summary>
    /// <param name="aggregate">The name of the aggregate of SGX hosts.</param>
    /// <param name="hosts">Compute services' hosts to add to the aggregate, besides those that already publish EPC.</param>
    /// <param name="flavors">The flavors to offer.</param>
    /// <param name="cancellation">Cancels the run.</param>
    /// <returns>The steps, in order.</returns>
    /// <exception cref="RefusedException">A service refused or did not answer; the steps before are done.</exception>
    public async Task<IReadOnlyList<SetupStep>> RunAsync(
        string aggregate, IReadOnlyList<string> hosts, IReadOnlyList<SgxFlavor> flavors, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(flavors);
        List<SetupStep> steps = [await SetResourceClassAsync(Epc.ResourceClass, cancellation).ConfigureAwait(false)];
        if (flavors.Any(flavor => flavor.IsTdx))
        {
            steps.Add(await SetResourceClassAsync(Tdx.ResourceClass, cancellation).ConfigureAwait(false));
        }
        var traits = await placement.ListTraitsAsync("CUSTOM_SGX", cancellation).ConfigureAwait(false);
        foreach (var trait in Epc.CustomTraits)
        {
            await placement.EnsureTraitAsync(trait, cancellation).ConfigureAwait(false);
            steps.Add(new($"trait {trait}", traits.Contains(trait) ? SetupState.Unchanged : SetupState.Changed));
        }
        steps.AddRange(await SetAggregateAsync(aggregate, hosts, cancellation).ConfigureAwait(false));
        var known = (await nova.ListFlavorsAsync(cancellation).ConfigureAwait(false)).ToDictionary(flavor => flavor.Name);
        foreach (var flavor in flavors)
        {
            steps.Add(await SetFlavorAsync(flavor, known.GetValueOrDefault(flavor.Name), cancellation).ConfigureAwait(false));
        }
        var wanted = flavors.Select(flavor => flavor.Name).ToHashSet();
        steps.AddRange(known.Values.Where(flavor => !wanted.Contains(flavor.Name)).OrderBy(flavor => flavor.Name, StringComparer.Ordinal)
            .SelectMany(CheckAlias));
        return steps;
    }

    private async Task<SetupStep> SetResourceClassAsync(string name, CancellationToken cancellation)
    {
        var isKnown = (await placement.ListResourceClassesAsync(cancellation).ConfigureAwait(false)).Contains(name);
        await placement.EnsureResourceClassAsync(name, cancellation).ConfigureAwait(false);
        return new($"resource class {name}", isKnown ? SetupState.Unchanged : SetupState.Changed);
    }

    private async Task<IReadOnlyList<SetupStep>> SetAggregateAsync(string name, IReadOnlyList<string> hosts, CancellationToken cancellation)
    {
        var found = (await nova.ListAggregatesAsync(cancellation).ConfigureAwait(false))
            .FirstOrDefault(aggregate => aggregate.Name == name);
        var steps = new List<SetupStep> { new($"aggregate {name}", found is null ? SetupState.Changed : SetupState.Unchanged) };
        var id = found?.Id ?? await nova.CreateAggregateAsync(name, cancellation).ConfigureAwait(false);
        var isIsolated = found?.Metadata.GetValueOrDefault(IsolationKey) == "required";
        if (!isIsolated)
        {
            var metadata = new Dictionary<string, string> { [IsolationKey] = "required" };
            await nova.SetAggregateMetadataAsync(id, metadata, cancellation).ConfigureAwait(false);
        }
        steps.Add(new($"isolation of aggregate {name}", isIsolated ? SetupState.Unchanged : SetupState.Changed));
        foreach (var host in hosts.Union(await ListPublishingHostsAsync(cancellation).ConfigureAwait(false)).Order(StringComparer.Ordinal))
        {
            var isThere = found?.Hosts.Contains(host) == true;
            if (!isThere)
            {
                await nova.AddAggregateHostAsync(id, host, cancellation).ConfigureAwait(false);
            }
            steps.Add(new($"host {host} in aggregate {name}", isThere ? SetupState.Unchanged : SetupState.Changed));
        }
        return steps;
    }

    private async Task<IEnumerable<string>> ListPublishingHostsAsync(CancellationToken cancellation)
    {
        var providers = await placement.ListProvidersWithAsync(Epc.SgxTrait, cancellation).ConfigureAwait(false);
        var roots = providers.Select(provider => provider.RootProviderUuid).ToHashSet();
        return (await nova.ListHypervisorsAsync(cancellation).ConfigureAwait(false))
            .Where(node => roots.Contains(node.Id)).Select(node => node.Service.Host);
    }

    // Its servers would start without EPC. Servers that exist keep the flavor as it was, so the operator decides.
    private static IEnumerable<SetupStep> CheckAlias(Flavor flavor)
    {
        if (Epc.ReadUnclaimedRequest(flavor.ExtraSpecs) is var unclaimed and > 0)
        {
            yield return new(
                $"flavor {flavor.Name}", SetupState.Conflicting,
                $"it asks for EPC with {Epc.AliasSpec} alone, for which Nova claims nothing; openstack flavor set --property "
                + $"resources:{Epc.ResourceClass}={unclaimed} --property trait:{Epc.SgxTrait}=required "
                + $"--property trait:{Epc.HealthyTrait}=required {flavor.Name}");
        }
    }

    private async Task<SetupStep> SetFlavorAsync(SgxFlavor wanted, Flavor? found, CancellationToken cancellation)
    {
        var what = $"flavor {wanted.Name}";
        if (found is not null && (found.Vcpus, found.Ram, found.Disk) != (wanted.Vcpus, wanted.Ram, wanted.Disk))
        {
            return new(
                what, SetupState.Conflicting,
                $"it has {found.Vcpus} vCPU, {found.Ram} MiB RAM, {found.Disk} GiB disk; servers may use it, so it is not replaced");
        }
        if (found?.ExtraSpecs is { } specs && wanted.ExtraSpecs.All(spec => specs.GetValueOrDefault(spec.Key) == spec.Value))
        {
            return new(what, SetupState.Unchanged);
        }
        found ??= await nova.CreateFlavorAsync(
            wanted.Name, wanted.Vcpus, wanted.Ram, wanted.Disk, cancellation).ConfigureAwait(false);
        await nova.SetExtraSpecsAsync(found.Id, wanted.ExtraSpecs, cancellation).ConfigureAwait(false);
        return new(what, SetupState.Changed);
    }
}
