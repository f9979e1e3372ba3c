using System.Xml.Linq;
using Guardian.Node.Libvirt;
using Guardian.OpenStack.Placement;

namespace Guardian.Node.Relay.Domain;

/// <summary>What a definition becomes: the same bytes, other text, or a refusal.</summary>
internal readonly record struct Rewriting(string? Xml, RpcError? Refusal)
{
    /// <summary>The definition goes on as it came.</summary>
    public static Rewriting Unchanged => default;

    public static Rewriting Refuse(RpcErrorCode code, string message) => new(null, new RpcError(code, "guardian: " + message));
}

/// <summary>How this host treats guests.</summary>
internal sealed record GuestRules
{
    /// <summary>The host's EPC sections in its own order; empty when they are not known.</summary>
    public IReadOnlyList<EpcSection> Sections { get; init; } = [];

    /// <summary>Whether SGX is hidden from guests without EPC: on every host that has it.</summary>
    public bool HidesSgx { get; init; }

    /// <summary>Whether guests with EPC may use the provisioning key.</summary>
    public bool ProvisionKey { get; init; }
}

/// <summary>Rewrites definitions of guests.</summary>
/// <param name="claims">Says what Placement claimed for an instance.</param>
internal sealed class GuestRewriter(IEpcClaims claims, GuestRules rules)
{
    /// <summary>Decides about one definition. Never throws for any content.</summary>
    /// <returns>Unchanged for what libvirt gave back earlier, and for guests that see no SGX anyway.</returns>
    public Rewriting Rewrite(string xml) => Rewrite(xml, out _);

    /// <inheritdoc cref="Rewrite(string)"/>
    /// <param name="definition">What is passed on, for the meter; null where Nova did not write it, or it is refused.</param>
    public Rewriting Rewrite(string xml, out GuestDefinition? definition)
    {
        definition = null;
        if (DomainXml.TryRead(xml, out var problem) is not { } document)
        {
            // Who is meant cannot be known, so nothing is defined. libvirt would say the same.
            return Rewriting.Refuse(RpcErrorCode.XmlDetail, $"the guest's definition is no XML: {problem}");
        }
        var domain = document.Root!;
        if (domain.Name != "domain")
        {
            return Rewriting.Unchanged;
        }
        if (GuestEpc.FindBadNode(domain, rules.Sections) is { } bad)
        {
            return Rewriting.Refuse(RpcErrorCode.ConfigUnsupported, bad);
        }
        if (!NovaMetadata.IsIn(domain))
        {
            return GuestEpc.Devices(domain).Any() || GuestCpu.IsAskedFor(domain) ? Rewriting.Unchanged : HideSgx(document);
        }
        if (NovaMetadata.TryRead(domain) is not { } nova)
        {
            return Rewriting.Refuse(RpcErrorCode.ConfigUnsupported, "Nova's definition has no instance identifier");
        }
        var rewriting = Rewrite(document, nova);
        definition = rewriting.Refusal is null ? GuestDefinition.TryRead(domain, nova.Instance) : null;
        return rewriting;
    }

    private Rewriting Rewrite(XDocument document, NovaMetadata nova)
    {
        var domain = document.Root!;
        var hasEpc = GuestEpc.Devices(domain).Any();
        if (nova.RequestedMebibytes is 0 && !hasEpc)
        {
            return HideSgx(document);
        }
        var answer = claims.Find(nova);
        // Newer definitions say what the flavor asks for, which is what was claimed.
        var found = answer.Claims ?? (nova.RequestedMebibytes is > 0 and { } requested ? [new EpcClaim(Guid.Empty, null, requested)] : null);
        if (found is null)
        {
            // What has EPC has it from here. Everything else might be meant to have some.
            return hasEpc ? Rewriting.Unchanged : Rewriting.Refuse(RpcErrorCode.OperationFailed, $"the EPC of instance {nova.Instance} is not known: {answer.Problem}");
        }
        if (found.Count == 0)
        {
            return hasEpc || nova.RequestedMebibytes > 0
                ? Rewriting.Refuse(RpcErrorCode.ConfigUnsupported, $"instance {nova.Instance} asks for EPC, but Placement has claimed none for it")
                : HideSgx(document);
        }
        if (EpcLayout.Plan(found, rules.Sections, out var problem) is not { } devices)
        {
            return Rewriting.Refuse(RpcErrorCode.ConfigUnsupported, problem!);
        }
        if (!GuestEpc.Has(domain, devices))
        {
            if (GuestEpc.Set(domain, devices) is { } obstacle)
            {
                return Rewriting.Refuse(RpcErrorCode.ConfigUnsupported, $"instance {nova.Instance} cannot be given EPC: {obstacle}");
            }
            GuestCpu.Show(domain, rules.ProvisionKey);
            return new Rewriting(DomainXml.Write(document), null);
        }
        return Rewriting.Unchanged;
    }

    private Rewriting HideSgx(XDocument document)
    {
        if (!rules.HidesSgx)
        {
            return Rewriting.Unchanged;
        }
        var isChanged = false;
        document.Changed += (_, _) => isChanged = true;
        GuestCpu.Hide(document.Root!);
        return isChanged ? new Rewriting(DomainXml.Write(document), null) : Rewriting.Unchanged;
    }
}
