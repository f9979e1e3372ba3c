using Guardian.Cas.Client.Audit;
using Guardian.Cas.Client.Protocol;
using Guardian.Refusals;

namespace Guardian.Cas.Store;

/// <summary>Refuses what is meant for another CAS.</summary>
internal static class PinCheck
{
    /// <summary>Compares a CAS with pins.</summary>
    /// <param name="log">The log of this CAS.</param>
    /// <returns>Null when they agree.</returns>
    public static Refusal? Compare(AuditState log, CasPins pins)
    {
        if (pins.Identity is { } identity && identity != log.Log)
        {
            return CasReasons.OtherCas.Because($"this is the CAS {log.Log}, not {identity}");
        }
        var owners = log.Present is { } present ? OwnerTable.HashOf(log.Log, present) : "none";
        return pins.Owners is { } expected && expected != owners
            ? CasReasons.OtherCas.Because($"the owners of this CAS are {owners}, not {expected}")
            : null;
    }

    /// <summary>Checks that a caller accepts all code from which this enclave has the key.</summary>
    /// <remarks>
    /// The maker of a CAS knows its key and can approve good code. A caller who compares only the code that answers would not notice. A
    /// caller who pinned the identity has decided about the maker. Code that was approved after this code is the decision of the owners.
    /// </remarks>
    /// <param name="log">The log of this CAS.</param>
    /// <param name="own">MRENCLAVE of this enclave.</param>
    /// <param name="accepted">MRENCLAVE of the code that the caller accepts.</param>
    /// <returns>Null when the caller accepts it.</returns>
    public static Refusal? CheckOrigin(AuditState log, string own, CasPins pins, IReadOnlyList<string> accepted)
    {
        var strange = pins.Identity is not null ? [] : log.Code.TakeWhile(code => code != own).Except(accepted).ToList();
        return strange.Count == 0
            ? null
            : CasReasons.OtherCas.Because(
                $"this CAS was made by other code, mrenclave {string.Join(", ", strange)}, which the caller does not accept") with
            {
                Remedy = "accept that code too, with --mrenclave, or trust this CAS: guardian cas trust",
            };
    }
}
