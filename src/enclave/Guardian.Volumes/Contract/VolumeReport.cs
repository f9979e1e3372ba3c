namespace Guardian.Volumes.Contract;

/// <summary>A part of a volume that is not as it was written.</summary>
/// <param name="Path">The affected path; in parentheses when it is not a file, for example <c>(container)</c>.</param>
/// <param name="Problem">The problem, for people: lower case, no full stop.</param>
public sealed record VolumeDamage(string Path, string Problem);

/// <summary>The result of checking a whole volume.</summary>
/// <param name="Generation">The number of the commit that was checked.</param>
/// <param name="IsClosed">Whether the volume was closed in order. Only then is every byte of the container accounted for.</param>
/// <param name="Files">Count of regular files.</param>
/// <param name="Directories">Count of directories, the root included.</param>
/// <param name="Links">Count of symbolic links.</param>
/// <param name="Size">Bytes of all regular files together.</param>
/// <param name="Unprotected">Count of files with <see cref="Protection.Plain"/>. Nobody can tell whether they were changed.</param>
/// <param name="Damages">All damages; empty when there are none.</param>
public sealed record VolumeReport(
    ulong Generation,
    bool IsClosed,
    long Files,
    long Directories,
    long Links,
    ulong Size,
    long Unprotected,
    IReadOnlyList<VolumeDamage> Damages);
