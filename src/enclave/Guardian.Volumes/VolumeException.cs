namespace Guardian.Volumes;

/// <summary>Why a volume is not opened, or not changed any more.</summary>
public enum VolumeFailure
{
    /// <summary>There is no volume.</summary>
    NotAVolume,

    /// <summary>There is one already.</summary>
    Exists,

    /// <summary>Another process has it open.</summary>
    InUse,

    /// <summary>No superblock opens: the key is another volume's, or both superblocks are damaged.</summary>
    WrongKey,

    /// <summary>What is stored is not what was written.</summary>
    Damaged,

    /// <summary>The volume is authentic, but not at the state that its freshness tag names.</summary>
    RolledBack,

    /// <summary>Another writer replaced the freshness tag.</summary>
    Superseded,

    /// <summary>The keeper of the freshness tag does not answer.</summary>
    Unreachable,

    /// <summary>An earlier write could not be made safe; the volume must be opened again.</summary>
    Stopped,
}

/// <summary>A volume cannot be opened or changed; the message is for people and holds no secret.</summary>
public sealed class VolumeException : Exception
{
    /// <param name="failure">Why.</param>
    /// <param name="message">What happened, lower case, no full stop.</param>
    /// <param name="inner">What it comes from.</param>
    public VolumeException(VolumeFailure failure, string message, Exception? inner = null) : base(message, inner) => Failure = failure;

    /// <summary>Why.</summary>
    public VolumeFailure Failure { get; }
}
