using System.Text;
using System.Text.Json;
using Guardian.Cas.Client.Owners;
using Guardian.Cas.Client.Protocol;
using Guardian.Cas.Client.Sessions;
using Guardian.Cas.Store;
using Guardian.Refusals;

namespace Guardian.Cas.Sessions;

/// <summary>The quotas of creators, and the rules of the owners about them.</summary>
internal static class CreatorTable
{
    private const string UsageKind = "creator";
    private const string RulesKind = "creation";
    private const string RulesName = "rules";

    // More than the text of any key, certificate and its key in a row.
    private const int KeyBytes = 4096;

    /// <summary>Finds the rules that the owners made; null when they made none.</summary>
    public static CreationRules? FindCreationRules(this VaultTransaction transaction) => transaction.Find(
        RulesKind, RulesName, row => CreationRules.Read(row).Value
            ?? throw new InvalidDataException(
                "the owners' rules for creators were accepted by an earlier release and are refused by this one"));

    /// <summary>Writes the rules of the owners.</summary>
    public static void PutCreationRules(this VaultTransaction transaction, CreationRules rules) =>
        transaction.Put(RulesKind, RulesName, Encoding.UTF8.GetBytes(rules.Text), rules);

    /// <summary>Finds everything that a key has created.</summary>
    public static CreatorUsage FindUsage(this VaultTransaction transaction, string creator) => transaction.Find(
        UsageKind, creator, row => JsonSerializer.Deserialize(row, StoreJson.Default.CreatorUsage)!) ?? CreatorUsage.None;

    /// <summary>The part of a quota that a session takes. It depends on the text alone, so it is known before anything is made.</summary>
    /// <param name="history">The bytes of its former texts.</param>
    public static SessionUsage UsageOf(SessionDocument document, long history)
    {
        var keys = document.Secrets.Count(secret => secret.Import is null
            && secret.Kind is SecretKind.PrivateKey or SecretKind.X509 or SecretKind.X509Authority);
        var own = SessionState.PurposesOf(document).Count();
        var bytes = Encoding.UTF8.GetByteCount(document.Text) + document.Secrets.Sum(secret => secret.Size) + (keys * (long)KeyBytes);
        return new SessionUsage(bytes, history, keys + own);
    }

    /// <summary>Checks that a session fits the quota of its creator.</summary>
    /// <param name="before">The part that it takes now; null for none.</param>
    /// <param name="isNew">Whether the session is new.</param>
    /// <returns>The refusal; null when it fits.</returns>
    public static Refusal? CheckQuota(
        this VaultTransaction transaction, string creator, SessionUsage? before, SessionUsage after, bool isNew) =>
        transaction.Plan(creator, before, after, isNew).Refusal;

    /// <summary>Takes the part of a session from the quota of its creator.</summary>
    /// <returns>The refusal when it does not fit; null when it is taken.</returns>
    public static Refusal? TakeQuota(
        this VaultTransaction transaction, string creator, SessionUsage? before, SessionUsage after, bool isNew)
    {
        var (next, refusal) = transaction.Plan(creator, before, after, isNew);
        if (refusal is null)
        {
            transaction.PutUsage(creator, next);
        }
        return refusal;
    }

    /// <summary>Gives back the part of a session that is deleted. Its name stays used.</summary>
    public static void ReturnQuota(this VaultTransaction transaction, StoredSession stored)
    {
        if (stored.Usage is { } taken)
        {
            var usage = transaction.FindUsage(stored.Creator);
            transaction.PutUsage(stored.Creator, Change(usage, taken, new SessionUsage(0, 0, 0)) with { Sessions = usage.Sessions - 1 });
        }
    }

    // A change that takes less than before is never refused, so that a smaller quota locks nobody in.
    private static (CreatorUsage Next, Refusal? Refusal) Plan(
        this VaultTransaction transaction, string creator, SessionUsage? before, SessionUsage after, bool isNew)
    {
        var usage = transaction.FindUsage(creator);
        var next = Change(usage, before, after) with { Sessions = usage.Sessions + (isNew ? 1 : 0), Names = usage.Names + (isNew ? 1 : 0) };
        var quota = transaction.FindCreationRules()?.Quota ?? CreatorQuota.Default;
        var problem = isNew && next.Sessions > quota.Sessions ? $"{quota.Sessions} sessions"
            : isNew && next.Names > quota.Names ? $"{quota.Names} names, of sessions that exist or were deleted"
            : next.Bytes > quota.Bytes && next.Bytes > usage.Bytes ? $"{quota.Bytes} bytes of sessions"
            : next.Keys > quota.Keys && next.Keys > usage.Keys ? $"{quota.Keys} keys"
            : null;
        return (next, problem is null ? null
            : CasReasons.OverQuota.Because($"one key creates at most {problem} here, and the creator's has no more room"));
    }

    private static CreatorUsage Change(CreatorUsage usage, SessionUsage? before, SessionUsage after)
    {
        before ??= new SessionUsage(0, 0, 0);
        return usage with
        {
            Bytes = usage.Bytes - before.Bytes - before.History + after.Bytes + after.History,
            Keys = usage.Keys - before.Keys + after.Keys,
        };
    }

    private static void PutUsage(this VaultTransaction transaction, string creator, CreatorUsage usage) => transaction.Put(
        UsageKind, creator, JsonSerializer.SerializeToUtf8Bytes(usage, StoreJson.Default.CreatorUsage), usage);
}
