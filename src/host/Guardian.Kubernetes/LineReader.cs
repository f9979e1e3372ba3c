using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;

namespace Guardian.Kubernetes;

/// <summary>Splits a stream into lines.</summary>
internal static class LineReader
{
    /// <summary>Reads lines until the stream ends. A last line without a line feed is cut off, and is left out.</summary>
    /// <param name="stream">The stream.</param>
    /// <param name="maxSize">The size of the longest line in bytes.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <returns>Each line without its line feed; empty lines are left out.</returns>
    /// <exception cref="IOException">A line is longer, or the stream broke.</exception>
    public static async IAsyncEnumerable<byte[]> ReadAsync(
        Stream stream, int maxSize, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var reader = PipeReader.Create(stream, new StreamPipeReaderOptions(leaveOpen: true));
        try
        {
            while (true)
            {
                var read = await reader.ReadAsync(cancellation).ConfigureAwait(false);
                var buffer = read.Buffer;
                while (buffer.PositionOf((byte)'\n') is { } end)
                {
                    var line = buffer.Slice(0, end).ToArray();
                    buffer = buffer.Slice(buffer.GetPosition(1, end));
                    if (line.Length > 0)
                    {
                        yield return line;
                    }
                }
                if (buffer.Length > maxSize)
                {
                    throw new IOException($"a line is longer than {maxSize} bytes");
                }
                reader.AdvanceTo(buffer.Start, buffer.End);
                if (read.IsCompleted)
                {
                    break;
                }
            }
        }
        finally
        {
            await reader.CompleteAsync().ConfigureAwait(false);
        }
    }
}
