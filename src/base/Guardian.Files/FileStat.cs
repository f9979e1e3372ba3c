namespace Guardian.Files;

/// <summary>The kind of a node: the <c>filetype</c> of WASI preview 1, with its numbers.</summary>
public enum FileKind : byte
{
    /// <summary>Another kind.</summary>
    Unknown = 0,

    /// <summary>A block device.</summary>
    BlockDevice = 1,

    /// <summary>A character device, such as a terminal.</summary>
    CharacterDevice = 2,

    /// <summary>A directory.</summary>
    Directory = 3,

    /// <summary>A regular file.</summary>
    RegularFile = 4,

    /// <summary>A datagram socket.</summary>
    DatagramSocket = 5,

    /// <summary>A stream socket.</summary>
    StreamSocket = 6,

    /// <summary>A symbolic link.</summary>
    SymbolicLink = 7,
}

/// <summary>The attributes of a node.</summary>
/// <param name="Device">The number of the file system. Two nodes are the same when device and node are equal.</param>
/// <param name="Node">The node's number, never 0.</param>
/// <param name="Kind">Its kind.</param>
/// <param name="LinkCount">Count of its names.</param>
/// <param name="Size">Bytes of a file, or of a link's target.</param>
/// <param name="AccessTime">The time of the last access, in nanoseconds since 1970.</param>
/// <param name="ModificationTime">The time of the last change of its content, in nanoseconds since 1970.</param>
/// <param name="ChangeTime">The time of the last change of anything, in nanoseconds since 1970.</param>
public readonly record struct FileStat(
    ulong Device, ulong Node, FileKind Kind, ulong LinkCount, ulong Size, ulong AccessTime, ulong ModificationTime, ulong ChangeTime);

/// <summary>One name in a directory.</summary>
/// <param name="Name">The name; never "." or "..".</param>
/// <param name="Node">The number of its node.</param>
/// <param name="Kind">Its kind; <see cref="FileKind.Unknown"/> when only the node itself would tell.</param>
/// <param name="Next">The cookie that continues a listing after this entry; below 2⁶³.</param>
public readonly record struct DirectoryEntry(string Name, ulong Node, FileKind Kind, ulong Next);
