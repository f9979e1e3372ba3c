namespace Guardian.Files;

/// <summary>What a node is: the <c>filetype</c> of WASI preview 1, with its numbers.</summary>
public enum FileKind : byte
{
    /// <summary>Something else.</summary>
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

/// <summary>What is known of a node.</summary>
/// <param name="Device">The file system; two nodes are the same when device and node are.</param>
/// <param name="Node">The node's number, never 0.</param>
/// <param name="Kind">What it is.</param>
/// <param name="LinkCount">How many names it has.</param>
/// <param name="Size">Bytes of a file, or of a link's target.</param>
/// <param name="AccessTime">Nanoseconds since 1970, as the other times.</param>
/// <param name="ModificationTime">When its content last changed.</param>
/// <param name="ChangeTime">When anything of it last changed.</param>
public readonly record struct FileStat(
    ulong Device, ulong Node, FileKind Kind, ulong LinkCount, ulong Size, ulong AccessTime, ulong ModificationTime, ulong ChangeTime);

/// <summary>One name in a directory.</summary>
/// <param name="Name">The name; never "." or "..".</param>
/// <param name="Node">The number of its node.</param>
/// <param name="Kind">What it is; <see cref="FileKind.Unknown"/> where finding out would cost a look at the node.</param>
/// <param name="Next">The cookie with which a listing goes on after this entry; below 2⁶³.</param>
public readonly record struct DirectoryEntry(string Name, ulong Node, FileKind Kind, ulong Next);
