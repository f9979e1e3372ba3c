using System.Globalization;
using System.Text;
using Guardian.Cas.Client.Audit;
using Guardian.Cas.Client.Protocol;
using Guardian.Refusals;

namespace Guardian.Cas.Store;

/// <summary>The owners, as callers see them.</summary>
internal static class OwnerTable
{
    /// <summary>The hashes of the owners' keys.</summary>
    public static IReadOnlyList<string> HashesOf(AuditOwners owners) => [.. owners.Keys.Select(key => KeyHash.TryRead(key)!)];

    /// <summary>Checks that as many owners agree as act together.</summary>
    /// <param name="present">The owners.</param>
    /// <param name="approvals">The hashes of the keys that agree.</param>
    /// <returns>The refusal; null when they do.</returns>
    public static Refusal? CheckAgreement(AuditOwners present, HashSet<string> approvals)
    {
        var keys = HashesOf(present);
        var agreed = keys.Count(approvals.Contains);
        return agreed >= present.Threshold
            ? null
            : CasReasons.Denied.Because($"{present.Threshold} of the present owners must agree; {agreed} did") with
            {
                Problems =
                [
                    $"the owners are {string.Join(", ", keys)}",
                    $"you have {string.Join(", ", approvals.Order(StringComparer.Ordinal))}",
                ],
            };
    }

    /// <summary>Describes the owners for callers.</summary>
    public static OwnersDescription Describe(this VaultTransaction transaction, AuditOwners owners) =>
        new(HashesOf(owners), owners.Threshold, transaction.HashOf(owners), owners.Witness);

    /// <summary>Describes the CAS for callers.</summary>
    /// <param name="held">How the answering enclave came by the key.</param>
    public static CasIdentity DescribeIdentity(this VaultTransaction transaction, HeldKey held)
    {
        var log = transaction.Log;
        var owners = transaction.Owners is { } present ? transaction.Describe(present) : new OwnersDescription([], 0, null);
        return new CasIdentity(
            log.Log, held.OriginName, held.Line, [.. log.Code.Take(1).Concat(transaction.Approved).Distinct()], owners,
            [.. log.Owners.SelectMany(HashesOf).Except(owners.Keys).Distinct()]);
    }

    /// <summary>Hashes the owners of the CAS of a transaction.</summary>
    public static string HashOf(this VaultTransaction transaction, AuditOwners owners) => HashOf(transaction.LogId, owners);

    /// <summary>
    /// Hashes the owners: SHA-256 of the lines <c>guardian owners</c>, log, predecessor or <c>-</c>, threshold, and each key's hash.
    /// The log and the predecessor tie a change to one CAS, and to one moment even if the same owners return.
    /// </summary>
    public static string HashOf(string log, AuditOwners owners)
    {
        var threshold = owners.Threshold.ToString(CultureInfo.InvariantCulture);
        string[] lines = ["guardian owners", log, owners.Predecessor ?? "-", threshold, .. HashesOf(owners)];
        return KeyHash.Of(Encoding.ASCII.GetBytes(string.Concat(lines.Select(line => line + '\n'))));
    }
}
