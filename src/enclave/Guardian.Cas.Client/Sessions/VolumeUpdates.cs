using Guardian.Cas.Client.Protocol;

namespace Guardian.Cas.Client.Sessions;

/// <summary>Properties of the update policies of volumes.</summary>
internal static class VolumeUpdates
{
    /// <summary>Whether a volume keeps a tag.</summary>
    public static bool KeepsTag(this VolumeUpdate update) => update is VolumeUpdate.RollbackProtected or VolumeUpdate.Interval;
}
