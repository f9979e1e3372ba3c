namespace Guardian.Cas.Store;

/// <summary>The part of a creator's quota that a session takes.</summary>
/// <param name="Bytes">Of its text and its secrets.</param>
/// <param name="History">Of its former texts.</param>
/// <param name="Keys">Private keys, and keys of volumes and streams.</param>
internal sealed record SessionUsage(long Bytes, long History, int Keys);

/// <summary>Everything that one key has created: one row, so that a quota is checked without counting.</summary>
/// <param name="Sessions">Its sessions.</param>
/// <param name="Names">Its sessions, and those that were deleted, whose names stay used.</param>
/// <param name="Bytes">Of all its sessions, with their former texts.</param>
/// <param name="Keys">Of all its sessions.</param>
internal sealed record CreatorUsage(int Sessions, int Names, long Bytes, int Keys)
{
    /// <summary>The usage of a key that has created nothing.</summary>
    public static CreatorUsage None { get; } = new(0, 0, 0, 0);
}

/// <summary>A text that a session had before. The text itself is another row.</summary>
/// <param name="Hash">SHA-256 of the text, lower-case hex.</param>
/// <param name="Until">When it was replaced.</param>
/// <param name="By">The hash of the key that replaced it.</param>
/// <param name="Size">Of the text, in bytes.</param>
internal sealed record FormerTextEntry(string Hash, DateTimeOffset Until, string By, int Size);

/// <summary>The tombstone of a session. Its name is never used again.</summary>
/// <param name="Creator">The hash of the key that had created it.</param>
/// <param name="Hash">SHA-256 of its last text.</param>
internal sealed record DeletedSession(string Creator, string Hash);
