using Guardian.Cli.Inputs;
using Guardian.Refusals;
using Guardian.Runtime.Stdio;

namespace Guardian.Cli.Commands.Programs;

/// <summary>
/// A log that somebody still writes. It follows the name of the file: when the log is rotated or cut, it goes on with the new one. Used by
/// one thread at a time.
/// </summary>
internal sealed class GrowingLog : IDisposable
{
    private readonly string path;
    private StdioFrameReader frames = new();
    private FileStream file;

    /// <summary>Opens a log at its beginning.</summary>
    /// <exception cref="RefusedException">The file is missing or unreadable.</exception>
    public GrowingLog(string path) => (this.path, file) = (path, InputFile.Use(path, () => Open(path)));

    /// <summary>The bytes that were read of the present file.</summary>
    public long Position => file.Position;

    /// <summary>The bytes that the present file has.</summary>
    public long Length => file.Length;

    /// <summary>Reads what was added since the last time. A line or frame that is not complete yet waits for its rest.</summary>
    /// <param name="onPart">Gets each part, in order.</param>
    /// <param name="limit">The bytes after which it stops, up to one frame more.</param>
    /// <returns>The bytes that were read; 0 when nothing was added.</returns>
    public long Read(Action<StdioPart> onPart, long limit = long.MaxValue)
    {
        var total = 0L;
        var isReopened = false;
        while (total < limit)
        {
            var count = file.Read(frames.Space.Span);
            if (count == 0)
            {
                // Once in a call: a file of the kernel's has no length, and would begin anew for ever.
                if (isReopened || !Reopen(onPart))
                {
                    break;
                }
                isReopened = true;
                continue;
            }
            total += count;
            frames.Advance(count);
            while (frames.TryRead(out var part))
            {
                onPart(part);
            }
        }
        return total;
    }

    /// <inheritdoc/>
    public void Dispose() => file.Dispose();

    // A file of the same name with another length is another file, unless this one grew meanwhile.
    private bool Reopen(Action<StdioPart> onPart)
    {
        var named = new FileInfo(path);
        if (!named.Exists || (file.Length >= file.Position && named.Length == file.Length))
        {
            return false;
        }
        if (file.Length > file.Position)
        {
            return true;
        }
        FileStream next;
        try
        {
            next = Open(path);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            // Between two files, or not ours yet.
            return false;
        }
        if (frames.TryFinish(out var rest))
        {
            onPart(rest);
        }
        frames = new StdioFrameReader();
        file.Dispose();
        file = next;
        return true;
    }

    private static FileStream Open(string path) => new(path, new FileStreamOptions
    {
        Mode = FileMode.Open, Access = FileAccess.Read, Share = FileShare.ReadWrite | FileShare.Delete, BufferSize = 0,
    });
}
