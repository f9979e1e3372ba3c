using System.Security.Cryptography;
using Guardian.Attestation.Evidence;
using Guardian.Attestation.RaTls;
using Guardian.Cas.Client.Protocol;
using Guardian.Cas.Client.Sessions;
using Guardian.Cas.Sessions;
using Guardian.Cas.Store;
using Guardian.Refusals;

namespace Guardian.Cas.Admissions;

/// <summary>The freshness tags in the store, and the enclaves that own those of singleton services.</summary>
internal static class TagTable
{
    /// <summary>The size of a tag, in bytes.</summary>
    public const int TagSize = 32;

    private const string TagKind = "tag";
    private const string InstanceKind = "instance";

    /// <summary>
    /// Finds the row of a tag for an enclave that may move it: a service of the session that has the tag admits it, and its evidence is for
    /// the start of this service, or for a CAS that this one witnesses.
    /// </summary>
    public static Outcome<string> FindRow(VaultTransaction transaction, string session, string name, RaTlsPeer peer)
    {
        var state = transaction.FindSession(session);
        var (part, replica) = ReplicaName.Split(name);
        var owning = state?.Document.Services.Where(service => HasTag(service, name)).ToList() ?? [];
        if (state is null || owning.Count == 0)
        {
            return CasReasons.NotFound.Because($"there is no tag '{name}' in a session '{session}'");
        }
        var admitting = owning.Where(service => IsFor(peer.Context, transaction.LogId, session, service.Name)
            && service.Policy.Appraise(peer.Quote).IsAccepted).ToList();
        if (admitting.Count == 0)
        {
            return CasReasons.Denied.Because($"the caller's enclave is not a service of '{session}' that has the tag '{name}'");
        }
        if (admitting.All(service => service.IsSingleton && !transaction.IsInstance(session, service.Name, replica, peer)))
        {
            return CasReasons.Denied.Because($"another enclave was admitted to '{session}' since, and owns the tag '{name}'");
        }
        if (state.Document.Volumes.All(volume => volume.Name != part))
        {
            return $"{session}\n{name}";
        }
        var (volume, refusal) = Imports.ResolveVolume(transaction, state, part);
        return volume is null ? refusal! : RowOf(volume, replica);
    }

    /// <summary>Names the row of a volume's tag.</summary>
    /// <param name="replica">The replica whose volume it is; null when all have one.</param>
    public static string RowOf(SharedItem volume, int? replica) =>
        $"{volume.State.Document.Name}\n{ReplicaName.Of(volume.Name, replica)}";

    /// <summary>Finds a tag; null when it was never set.</summary>
    public static byte[]? FindTag(this VaultTransaction transaction, string row) => transaction.Find(TagKind, row, value => value);

    /// <summary>Writes a tag.</summary>
    public static void PutTag(this VaultTransaction transaction, string row, byte[] tag) => transaction.Put(TagKind, row, tag, tag);

    /// <summary>Whether an enclave is the one that a singleton service, or a replica of it, admitted last.</summary>
    public static bool IsInstance(this VaultTransaction transaction, string session, string service, int? replica, RaTlsPeer peer) =>
        transaction.Find(InstanceKind, InstanceName(session, service, replica), row => row) is { } known
        && known.AsSpan().SequenceEqual(InstanceOf(peer));

    /// <summary>Makes an enclave the one that a singleton service, or a replica of it, admitted last.</summary>
    public static void PutInstance(this VaultTransaction transaction, string session, string service, int? replica, RaTlsPeer peer)
    {
        var instance = InstanceOf(peer);
        transaction.Put(InstanceKind, InstanceName(session, service, replica), instance, instance);
    }

    private static string InstanceName(string session, string service, int? replica) => $"{session}\n{ReplicaName.Of(service, replica)}";

    private static bool HasTag(SessionService service, string name)
    {
        var (part, replica) = ReplicaName.Split(name);
        return service.Tags.Contains(name)
            || service.Volumes.Any(volume => volume.Update.KeepsTag() && volume.Name == part
                && (volume.IsPerReplica ? replica is { } number && ReplicaName.Has(service, number) : replica is null));
    }

    private static bool IsFor(EvidenceContext? context, string cas, string session, string service) =>
        ExpectedEvidence.RuntimeLaunch(cas, session, service).FindFault(context) is null
        || EvidenceContext.CasWitnessed(Convert.FromHexString(cas), session).Equals(context);

    private static byte[] InstanceOf(RaTlsPeer peer) => SHA256.HashData(peer.SubjectPublicKeyInfo.Span);
}
