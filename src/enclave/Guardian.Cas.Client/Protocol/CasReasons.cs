using Guardian.Refusals;

namespace Guardian.Cas.Client.Protocol;

/// <summary>The reasons for which a CAS refuses, its client gives up, or an audit log fails verification.</summary>
public static class CasReasons
{
    /// <summary>The CAS does not answer, or the connection broke.</summary>
    public static readonly RefusalReason Unreachable = new(
        "unreachable", RefusalKind.Unavailable,
        "The CAS does not answer, or the connection broke before the answer arrived. A change may have happened or not.");

    /// <summary>The evidence of the CAS does not verify, or the policy refuses it.</summary>
    public static readonly RefusalReason NotTrusted = new(
        "not-trusted", RefusalKind.Unverified,
        "The evidence of the CAS, or of the code that signed its audit log, does not verify, or the policy refuses it.",
        "ask the operator which code runs there, and compare its measurement with yours: guardian enclave measure");

    /// <summary>A rule does not admit the caller.</summary>
    public static readonly RefusalReason Denied = new(
        "denied", RefusalKind.Forbidden,
        "A rule of the session or of the CAS does not admit the caller's key, signatures or enclave.");

    /// <summary>The named thing does not exist, or the caller may not know that it does.</summary>
    public static readonly RefusalReason NotFound = new(
        "not-found", RefusalKind.NotFound,
        "There is no such session, service or tag, or the caller may not know that there is.");

    /// <summary>The request does not fit what the CAS keeps.</summary>
    public static readonly RefusalReason Conflict = new(
        "conflict", RefusalKind.Conflict,
        "The name is taken, the predecessor is not the current hash, or something must happen first.");

    /// <summary>Nobody owns the CAS yet.</summary>
    public static readonly RefusalReason Unclaimed = new(
        "unclaimed", RefusalKind.Conflict,
        "Nobody owns the CAS yet. Until owners have claimed it, it keeps nothing and gives nothing to anyone.",
        "have its owners claim it: guardian cas claim; or start a new one with its owners: guardian cas start --owner FILE");

    /// <summary>The CAS is not the one that was pinned.</summary>
    public static readonly RefusalReason OtherCas = new(
        "other-cas", RefusalKind.Unverified,
        "The CAS has another identity, other owners or other code than the caller, the session or the contract demands.",
        "ask the owners what happened; if you accept the CAS as it is, pin it again");

    /// <summary>The request or the document has mistakes.</summary>
    public static readonly RefusalReason Invalid = new(
        "invalid", RefusalKind.Invalid,
        "The request or the document has mistakes.");

    /// <summary>The CAS cannot do more now.</summary>
    public static readonly RefusalReason Busy = new(
        "busy", RefusalKind.Unavailable,
        "The CAS has more to do than it can, or cannot use its database or its witness now. A change may have happened or not.");

    /// <summary>The CAS has lost the key of its store.</summary>
    public static readonly RefusalReason Recovering = new(
        "recovering", RefusalKind.Unavailable,
        "The CAS was verified, but it has lost the key of its store and waits for its owners' shares.",
        "each owner gives a share: guardian cas recover ADDRESS --key FILE; then start the CAS again");

    /// <summary>The caller has used up the work that the CAS does for one caller now.</summary>
    public static readonly RefusalReason OverBudget = new(
        "over-budget", RefusalKind.Unavailable,
        "The caller, or its address, has used up the work with keys that the CAS does for one caller now. Nothing has happened.",
        "wait as long as the answer says, or use P-256 keys in place of RSA keys");

    /// <summary>The caller keeps as much in the CAS as one key may.</summary>
    public static readonly RefusalReason OverQuota = new(
        "over-quota", RefusalKind.Forbidden,
        "The key that creates sessions keeps as much in this CAS as one key may: sessions, bytes or keys.",
        "delete sessions that nobody needs (guardian session delete), or ask the owners of the CAS for more");

    /// <summary>The data of the CAS is not what it wrote.</summary>
    public static readonly RefusalReason Damaged = new(
        "damaged", RefusalKind.Damaged,
        "The data of the CAS was changed, removed or rolled back outside it.");

    /// <summary>A line is not an entry of an audit log.</summary>
    public static readonly RefusalReason Malformed = new(
        "malformed", RefusalKind.Unverified,
        "A line is not an entry of an audit log, or the statement of the log's end is not one.");

    /// <summary>A line of the audit log was changed, exchanged or left out.</summary>
    public static readonly RefusalReason Altered = new(
        "altered", RefusalKind.Unverified,
        "A line of the audit log was changed, exchanged or left out: its hash, number or signature does not fit.");

    /// <summary>The audit log ends too early.</summary>
    public static readonly RefusalReason Truncated = new(
        "truncated", RefusalKind.Unverified,
        "The audit log ends before the place that the CAS signed as its end.");

    /// <summary>The audit log lacks entries that it had before.</summary>
    public static readonly RefusalReason RolledBack = new(
        "rolled-back", RefusalKind.Unverified,
        "The CAS was rolled back: entries that an earlier copy of the audit log had are missing or different.");

    /// <summary>The audit log is the log of another CAS.</summary>
    public static readonly RefusalReason Foreign = new(
        "foreign", RefusalKind.Unverified,
        "The audit log is the log of another CAS, or of one whose database was started anew.");

    /// <summary>The reason that a CAS named in its answer. Of those that this release does not know, a fault of the CAS is
    /// <see cref="Unreachable"/>, and any other <see cref="Invalid"/>.</summary>
    internal static RefusalReason FromWire(string code, int status) =>
        new[] { Denied, NotFound, Conflict, Unclaimed, OtherCas, Busy, OverBudget, OverQuota, Damaged }
            .FirstOrDefault(reason => reason.Code == code) ?? (status < 500 ? Invalid : Unreachable);
}
