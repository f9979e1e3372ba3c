namespace Guardian.Volumes.Format;

/// <summary>Times of files: nanoseconds since 1970.</summary>
internal static class FileTime
{
    public static ulong Now(TimeProvider time) => (ulong)(time.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks * 100;
}
