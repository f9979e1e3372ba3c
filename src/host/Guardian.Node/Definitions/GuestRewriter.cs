using System.Xml.Linq;
using Guardian.ComputeHost.Configuration;
using Guardian.ComputeHost.Machine;
using Guardian.Libvirt.Domain;
using Guardian.OpenStack.Placement;
using Guardian.Refusals;

namespace Guardian.Node.Definitions;

/// <summary>A definition that may pass.</summary>
/// <param name="Domain">The definition as libvirtd gets it.</param>
/// <param name="Xml">The new text; null when the definition passes byte for byte.</param>
internal sealed record Rewriting(XElement Domain, string? Xml);

/// <summary>This host's treatment of guests.</summary>
internal sealed record GuestRules
{
    /// <summary>The host's EPC sections in its own order; empty when they are not known.</summary>
    public IReadOnlyList<EpcSection> Sections { get; init; } = [];

    /// <summary>Whether SGX is hidden from guests without EPC: on every host that has SGX.</summary>
    public bool HidesSgx { get; init; }

    /// <summary>The guests with EPC that may use the provisioning key.</summary>
    public ProvisionKeyRule ProvisionKey { get; init; }

    /// <summary>Whether guests with EPC get a vsock device, over which they reach the host's quoting service.</summary>
    public bool AddsVsock { get; init; }
}

/// <summary>Rewrites the definitions of guests, so that a guest with a claim gets its EPC, or TDX.</summary>
/// <param name="claims">Finds Placement's claims for a server.</param>
/// <param name="rules">This host's treatment of guests.</param>
internal sealed class GuestRewriter(IEpcClaims claims, GuestRules rules)
{
    /// <summary>
    /// Decides about one definition: at once, unless the server's claims must be looked up. Never throws for any content.
    /// </summary>
    /// <returns>
    /// The definition that passes, or a reason of <see cref="RelayReasons"/>. A definition that libvirt returned earlier passes unchanged,
    /// and so does that of a guest that sees no SGX anyway.
    /// </returns>
    public Task<Outcome<Rewriting>> RewriteAsync(string xml)
    {
        var read = DomainXml.Read(xml);
        if (read.Value is not { Root: { } domain } document)
        {
            // Nobody can say which guest this is, so it is not defined. libvirt would refuse it too.
            return Decide(RelayReasons.MalformedDefinition.Because($"the guest's definition is not XML: {read.Refusal!.Detail}"));
        }
        if (domain.Name != "domain")
        {
            return Decide(Keep(domain));
        }
        if (GuestEpc.FindWrongNode(domain, rules.Sections) is { } wrongNode)
        {
            return Decide(wrongNode);
        }
        if (!NovaMetadata.IsIn(domain))
        {
            return Decide(EpcDevice.FindAll(domain).Any() || GuestCpu.RequestsSgx(domain) ? Keep(domain) : HideSgx(document));
        }
        return NovaMetadata.TryRead(domain) is { } nova
            ? RewriteAsync(document, nova)
            : Decide(RelayReasons.NoInstance.Because("Nova's definition has no instance identifier"));
    }

    private static Task<Outcome<Rewriting>> Decide(Outcome<Rewriting> outcome) => Task.FromResult(outcome);

    private async Task<Outcome<Rewriting>> RewriteAsync(XDocument document, NovaMetadata nova)
    {
        var domain = document.Root!;
        var hasEpc = EpcDevice.FindAll(domain).Any();
        // Newer definitions contain the flavor's request, which is the size of the claim.
        long? requested = nova.ExtraSpecs is null ? null : Epc.ReadRequest(nova.ExtraSpecs);
        if (Epc.ReadUnclaimedRequest(nova.ExtraSpecs) is var unclaimed and > 0)
        {
            return RelayReasons.NoClaim.Because(
                $"the flavor '{nova.Flavor}' of instance {nova.Instance} asks for {unclaimed} MiB of EPC with {Epc.AliasSpec} alone, for "
                + $"which nothing is claimed; give the flavor resources:{Epc.ResourceClass}, and resize the server to it");
        }
        if (requested == 0 && !hasEpc && !Tdx.RequestsKey(nova.ExtraSpecs))
        {
            // Nova makes TDX guests itself since 2026.2, by a resource class of its own.
            return LaunchSecurity.IsTdx(domain) ? Keep(domain) : HideSgx(document);
        }
        var answer = await claims.FindAsync(nova).ConfigureAwait(false);
        if (answer.Refusal is { } refusal && refusal.Reason != RelayReasons.UnknownClaim)
        {
            return refusal;
        }
        var found = answer.Value ?? ReadClaims(nova);
        if (found is null)
        {
            // A definition with EPC or TDX got it from this relay. Any other guest might have a claim.
            return hasEpc || LaunchSecurity.IsTdx(domain)
                ? Keep(domain)
                : RelayReasons.UnknownClaim.Because($"the EPC of instance {nova.Instance} is not known: {answer.Refusal!.Detail}");
        }
        if (Tdx.RequestsKey(nova.ExtraSpecs) || LaunchSecurity.IsTdx(domain) || found.Any(claim => claim.TdxKey))
        {
            return MakeTdx(document, nova, found);
        }
        if (found.Length == 0)
        {
            return hasEpc || requested > 0
                ? RelayReasons.NoClaim.Because($"instance {nova.Instance} asks for EPC, but Placement has claimed none for it")
                : HideSgx(document);
        }
        if (found.Sum(claim => claim.Mebibytes) is var claimed && claimed < requested)
        {
            return RelayReasons.NoClaim.Because(
                $"instance {nova.Instance} asks for {requested} MiB of EPC, but Placement has claimed {claimed} MiB for it");
        }
        var plan = EpcLayout.Plan(found, rules.Sections);
        return plan.Value is { } devices
            ? AddEpc(document, nova, devices, found.Any(claim => claim.ProvisionKey))
            : plan.Refusal!;
    }

    // Newer definitions show what Nova's scheduler claimed; null when they show no claim.
    private static EpcClaim[]? ReadClaims(NovaMetadata nova) =>
        Tdx.RequestsKey(nova.ExtraSpecs) ? [new(Guid.Empty, null, Epc.ReadRequest(nova.ExtraSpecs)) { TdxKey = true }]
        : Epc.ReadRequest(nova.ExtraSpecs) is var requested and > 0
            ? [new(Guid.Empty, null, requested) { ProvisionKey = Epc.RequestsProvisionKey(nova.ExtraSpecs) }]
            : null;

    private static Outcome<Rewriting> MakeTdx(XDocument document, NovaMetadata nova, EpcClaim[] found)
    {
        if (!found.Any(claim => claim.TdxKey))
        {
            return RelayReasons.NoClaim.Because($"instance {nova.Instance} asks for TDX, but Placement has claimed no TDX key for it");
        }
        if (found.Any(claim => claim.Mebibytes > 0))
        {
            return RelayReasons.CannotAddTdx.Because(
                $"the flavor '{nova.Flavor}' of instance {nova.Instance} asks for both EPC and TDX, and a TDX guest has no EPC");
        }
        var isChanged = false;
        document.Changed += (_, _) => isChanged = true;
        return GuestTdx.Set(document.Root!) is { } obstacle
            ? obstacle.Reason.Because($"instance {nova.Instance} cannot be a TDX guest: {obstacle.Detail}")
            : new Rewriting(document.Root!, isChanged ? DomainXml.Write(document) : null);
    }

    private Outcome<Rewriting> AddEpc(XDocument document, NovaMetadata nova, List<EpcDevice> devices, bool claimsKey)
    {
        var domain = document.Root!;
        if (GuestEpc.HasDevices(domain, devices))
        {
            return Keep(domain);
        }
        if (GuestEpc.SetDevices(domain, devices) is { } obstacle)
        {
            return obstacle.Reason.Because($"instance {nova.Instance} cannot be given EPC: {obstacle.Detail}");
        }
        GuestCpu.ShowSgx(
            domain, rules.ProvisionKey == ProvisionKeyRule.Everybody || (rules.ProvisionKey == ProvisionKeyRule.ByFlavor && claimsKey));
        if (rules.AddsVsock)
        {
            GuestVsock.Add(domain);
        }
        return new Rewriting(domain, DomainXml.Write(document));
    }

    private static Rewriting Keep(XElement domain) => new(domain, null);

    private Rewriting HideSgx(XDocument document)
    {
        var isChanged = false;
        if (rules.HidesSgx)
        {
            document.Changed += (_, _) => isChanged = true;
            GuestCpu.HideSgx(document.Root!);
        }
        return new Rewriting(document.Root!, isChanged ? DomainXml.Write(document) : null);
    }
}
