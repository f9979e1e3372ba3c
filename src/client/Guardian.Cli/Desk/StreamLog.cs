using System.Globalization;
using Guardian.Cli.Installation;
using Guardian.Files.Durable;

namespace Guardian.Cli.Desk;

/// <summary>A file that gets the lines of several streams. Its size is bounded. Thread-safe.</summary>
internal sealed class StreamLog : IDisposable
{
    // The largest line of a program that is not divided; a frame in text is smaller.
    private const int MaxLine = 256 * 1024;
    private const int MaxName = 100;

    private readonly Lock guard = new();
    private readonly FileStream file;
    private readonly long maxSize;
    private bool isFull;

    /// <summary>Opens a file for writing.</summary>
    /// <param name="path">The file.</param>
    /// <param name="maxSize">The bytes after which a last line says that the rest is lost.</param>
    public StreamLog(string path, long maxSize = 256L * 1024 * 1024)
    {
        (Path, this.maxSize) = (path, maxSize);
        var options = DurableFile.OptionsFor(FileMode.Create, FileAccess.Write);
        (options.Share, options.BufferSize) = (FileShare.Read, 0);
        file = new FileStream(path, options);
    }

    public string Path { get; }

    /// <summary>Creates a file for the streams of a program, in the user's folder for state.</summary>
    /// <param name="name">The program's name, whose unusual characters are replaced.</param>
    public static StreamLog Create(string name)
    {
        var folder = System.IO.Path.Combine(UserFolders.State, "logs");
        DurableFile.CreateDirectory(folder);
        var plain = string.Concat(name.Select(letter => char.IsAsciiLetterOrDigit(letter) || letter is '-' or '_' ? letter : '-'));
        var time = TimeProvider.System.GetUtcNow().ToString("yyyyMMdd'T'HHmmssfff", CultureInfo.InvariantCulture);
        return new StreamLog(System.IO.Path.Combine(folder, $"{plain[..Math.Min(plain.Length, MaxName)]}-{time}.log"));
    }

    /// <summary>Copies a stream to its end, whole lines at once.</summary>
    public async Task CopyAsync(Stream stream)
    {
        var buffer = new byte[MaxLine];
        var held = 0;
        while (await stream.ReadAsync(buffer.AsMemory(held)).ConfigureAwait(false) is > 0 and var count)
        {
            held += count;
            var end = buffer.AsSpan(0, held).LastIndexOf((byte)'\n') + 1;
            if (end == 0 && held < buffer.Length)
            {
                continue;
            }
            end = end == 0 ? held : end;
            Write(buffer.AsSpan(0, end));
            buffer.AsSpan(end, held - end).CopyTo(buffer);
            held -= end;
        }
        if (held > 0)
        {
            Write([.. buffer.AsSpan(0, held), (byte)'\n']);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => file.Dispose();

    private void Write(ReadOnlySpan<byte> lines)
    {
        lock (guard)
        {
            if (isFull)
            {
                return;
            }
            isFull = file.Position + lines.Length > maxSize;
            try
            {
                file.Write(isFull ? "guardian: warning: the log is full, and the rest of the streams is lost\n"u8 : lines);
            }
            catch (IOException)
            {
                // The disk is full. The program goes on, as it does without a reader.
                isFull = true;
            }
        }
    }
}
