namespace Guardian.Files;

/// <summary>Reads whole files of others within a bound. Pipes and devices have no size before they are read.</summary>
public static class BoundedFile
{
    private const int FirstSize = 16 * 1024;

    /// <summary>Reads a file.</summary>
    /// <param name="path">The file, pipe or device.</param>
    /// <param name="maxSize">The largest accepted size, in bytes, below 2 GiB; not much more is held in memory.</param>
    /// <returns>The bytes.</returns>
    /// <exception cref="IOException">The file cannot be read, or is larger.</exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be read.</exception>
    public static byte[] Read(string path, int maxSize)
    {
        using var file = File.OpenRead(path);
        return Read(file, maxSize) ?? throw new IOException($"{path} has more than {maxSize} bytes, and no more are read");
    }

    /// <summary>Reads a stream to its end.</summary>
    /// <param name="stream">The stream.</param>
    /// <param name="maxSize">The largest accepted size, in bytes, below 2 GiB; not much more is held in memory.</param>
    /// <returns>The bytes; null if there are more.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="stream"/> is null.</exception>
    /// <exception cref="IOException">The stream cannot be read.</exception>
    public static byte[]? Read(Stream stream, int maxSize)
    {
        ArgumentNullException.ThrowIfNull(stream);
        var known = stream.CanSeek ? stream.Length : 0;
        if (known > maxSize)
        {
            return null;
        }
        var bytes = new byte[(int)Math.Min(Math.Max(FirstSize, known + 1), maxSize + 1L)];
        var size = 0;
        for (int more; (more = stream.Read(bytes, size, bytes.Length - size)) > 0;)
        {
            size += more;
            if (size > maxSize)
            {
                return null;
            }
            if (size == bytes.Length)
            {
                Array.Resize(ref bytes, (int)Math.Min(2L * size, maxSize + 1L));
            }
        }
        return bytes[..size];
    }
}
