using Guardian.Refusals;

namespace Guardian.Volumes.Contract;

/// <summary>The reasons for which a volume is not opened, not checked or not changed.</summary>
public static class VolumeReasons
{
    /// <summary>There is no volume.</summary>
    public static readonly RefusalReason NotAVolume = new(
        "not-a-volume", RefusalKind.Invalid, "The folder holds no volume, or what it holds is not one.");

    /// <summary>There is a volume already.</summary>
    public static readonly RefusalReason Exists = new(
        "exists", RefusalKind.Invalid, "The folder already holds a volume; a new one never replaces it.");

    /// <summary>Another process has the volume open.</summary>
    public static readonly RefusalReason InUse = new(
        "in-use",
        RefusalKind.Unavailable,
        "Another process has the volume open.",
        "end the other process first; the lock goes with it, however it ends");

    /// <summary>The key opens neither superblock.</summary>
    public static readonly RefusalReason WrongKey = new(
        "wrong-key", RefusalKind.Unverified, "The key belongs to another volume, or both superblocks are damaged.");

    /// <summary>Stored bytes are not the bytes that were written.</summary>
    public static readonly RefusalReason Damaged = new(
        "damaged",
        RefusalKind.Unverified,
        "Stored bytes are not the bytes that were written.",
        "guardian volume check says which files are affected");

    /// <summary>The volume is authentic, but not at the state that its freshness tag names.</summary>
    public static readonly RefusalReason RolledBack = new(
        "rolled-back",
        RefusalKind.Unverified,
        "The volume is authentic, but it is not at the state that its freshness tag names.",
        "restore the newest copy of the volume; if you mean to go back, give another --freshness file");

    /// <summary>Another writer replaced the freshness tag.</summary>
    public static readonly RefusalReason Superseded = new(
        "superseded", RefusalKind.Conflict, "Another writer replaced the volume's freshness tag, so this one takes no more changes.");

    /// <summary>The keeper of the freshness tag does not answer.</summary>
    public static readonly RefusalReason Unreachable = new(
        "unreachable", RefusalKind.Unavailable, "The keeper of the freshness tag does not answer, so nothing is acknowledged.");

    /// <summary>An earlier write could not be made safe.</summary>
    public static readonly RefusalReason Stopped = new(
        "stopped",
        RefusalKind.Unavailable,
        "An earlier write could not be made safe, so the volume takes no more changes until it is opened again.");
}
