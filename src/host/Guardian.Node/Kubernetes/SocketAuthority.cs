using System.Buffers;
using System.Buffers.Binary;
using System.IO.Pipelines;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Guardian.Node.Kubernetes;

/// <summary>
/// Lets Kestrel answer kubelets. Those before the change 112597 of Kubernetes (2022) name the socket's path as <c>:authority</c>, because
/// grpc-go took it from the address, and Kestrel refuses a '/' there. The authority of a call on a socket has no meaning, so each one
/// becomes <c>localhost</c> before Kestrel sees it. Only frames of HTTP/2 (RFC 9113 §4.1) and lengths of HPACK (RFC 7541 §6) are read.
/// </summary>
internal static class SocketAuthority
{
    private const int PrefaceSize = 24;
    private const int FrameHeadSize = 9;
    private const byte HeadersType = 1;

    // END_HEADERS without PADDED and PRIORITY: the form of grpc-go. All others pass as they are.
    private const byte FlagsLookedAt = 0x04 | 0x08 | 0x20;
    private const byte PlainFlags = 0x04;

    private const int AuthorityIndex = 1;

    // Frames above the default SETTINGS_MAX_FRAME_SIZE are an error, which Kestrel reports.
    private const int MaxFrameSize = 16_384;

    private static ReadOnlySpan<byte> Localhost => "localhost"u8;

    /// <summary>Replaces the authorities of all calls of an end point.</summary>
    /// <param name="endPoint">The end point.</param>
    public static void Replace(ListenOptions endPoint) => endPoint.Use(next => async connection =>
    {
        var transport = connection.Transport;
        var changed = new Pipe();
        connection.Transport = new Duplex(changed.Reader, transport.Output);
        var pump = PumpAsync(transport.Input, changed.Writer);
        await next(connection).ConfigureAwait(false);
        connection.Transport = transport;
        await changed.Reader.CompleteAsync().ConfigureAwait(false);
        transport.Input.CancelPendingRead();
        await pump.ConfigureAwait(false);
    });

    /// <summary>Replaces the authority in a block of fields.</summary>
    /// <param name="block">The block, as HPACK.</param>
    /// <returns>The block with 'localhost'; the block itself if it names no authority or cannot be read.</returns>
    internal static byte[] ReplaceIn(ReadOnlySpan<byte> block)
    {
        var changed = new ArrayBufferWriter<byte>();
        var rest = block;
        while (!rest.IsEmpty)
        {
            var field = rest;
            var first = rest[0];
            var prefix = first >= 0x80 ? 7 : first >= 0x40 ? 6 : first >= 0x20 ? 5 : 4;
            if (!TryReadInteger(ref rest, prefix, out var index))
            {
                return block.ToArray();
            }
            var hasValue = prefix is 6 or 4;
            if (hasValue && index == 0 && !TrySkipText(ref rest))
            {
                return block.ToArray();
            }
            var beforeValue = rest.Length;
            if (hasValue && !TrySkipText(ref rest))
            {
                return block.ToArray();
            }
            // A shorter entry in the receiver's table only stays there longer than the sender thinks.
            if (hasValue && index == AuthorityIndex && beforeValue - rest.Length > Localhost.Length + 1)
            {
                changed.Write(field[..^beforeValue]);
                changed.Write([(byte)Localhost.Length]);
                changed.Write(Localhost);
            }
            else
            {
                changed.Write(field[..^rest.Length]);
            }
        }
        return changed.WrittenSpan.ToArray();
    }

    private static async Task PumpAsync(PipeReader from, PipeWriter to)
    {
        Exception? failure = null;
        try
        {
            var hasPreface = false;
            while (true)
            {
                var read = await from.ReadAsync().ConfigureAwait(false);
                var buffer = read.Buffer;
                while (TryTake(ref buffer, ref hasPreface, to))
                {
                }
                if (read.IsCompleted)
                {
                    Copy(buffer, to);
                    buffer = buffer.Slice(buffer.End);
                }
                from.AdvanceTo(buffer.Start, buffer.End);
                var flushed = await to.FlushAsync().ConfigureAwait(false);
                if (read.IsCompleted || read.IsCanceled || flushed.IsCompleted)
                {
                    return;
                }
            }
        }
        catch (Exception broken) when (broken is IOException or ConnectionAbortedException or ConnectionResetException)
        {
            failure = broken;
        }
        finally
        {
            await to.CompleteAsync(failure).ConfigureAwait(false);
        }
    }

    // Moves the preface or one frame, if all of it is there.
    private static bool TryTake(ref ReadOnlySequence<byte> buffer, ref bool hasPreface, PipeWriter to)
    {
        if (!hasPreface)
        {
            hasPreface = buffer.Length >= PrefaceSize;
            return hasPreface && TryMove(ref buffer, PrefaceSize, to);
        }
        if (buffer.Length < FrameHeadSize)
        {
            return false;
        }
        Span<byte> head = stackalloc byte[FrameHeadSize];
        buffer.Slice(0, FrameHeadSize).CopyTo(head);
        var size = (head[0] << 16) | (head[1] << 8) | head[2];
        if (size > MaxFrameSize || head[3] != HeadersType || (head[4] & FlagsLookedAt) != PlainFlags)
        {
            return TryMove(ref buffer, FrameHeadSize + Math.Min(size, MaxFrameSize), to);
        }
        if (buffer.Length < FrameHeadSize + size)
        {
            return false;
        }
        var block = ReplaceIn(buffer.Slice(FrameHeadSize, size).ToArray());
        BinaryPrimitives.WriteUInt16BigEndian(head[1..], (ushort)block.Length);
        to.Write(head);
        to.Write(block);
        buffer = buffer.Slice(FrameHeadSize + size);
        return true;
    }

    private static bool TryMove(ref ReadOnlySequence<byte> buffer, int size, PipeWriter to)
    {
        if (buffer.Length < size)
        {
            return false;
        }
        Copy(buffer.Slice(0, size), to);
        buffer = buffer.Slice(size);
        return true;
    }

    private static void Copy(ReadOnlySequence<byte> bytes, PipeWriter to)
    {
        foreach (var part in bytes)
        {
            to.Write(part.Span);
        }
    }

    // RFC 7541 §5.1. Four bytes after the prefix are more than any frame needs.
    private static bool TryReadInteger(ref ReadOnlySpan<byte> rest, int prefix, out int value)
    {
        value = 0;
        if (rest.IsEmpty)
        {
            return false;
        }
        var limit = (1 << prefix) - 1;
        value = rest[0] & limit;
        rest = rest[1..];
        if (value < limit)
        {
            return true;
        }
        for (var shift = 0; shift < 28 && !rest.IsEmpty; shift += 7)
        {
            var next = rest[0];
            rest = rest[1..];
            value += (next & 0x7f) << shift;
            if (next < 0x80)
            {
                return true;
            }
        }
        return false;
    }

    private static bool TrySkipText(ref ReadOnlySpan<byte> rest)
    {
        if (!TryReadInteger(ref rest, 7, out var size) || size > rest.Length)
        {
            return false;
        }
        rest = rest[size..];
        return true;
    }

    private sealed record Duplex(PipeReader Input, PipeWriter Output) : IDuplexPipe;
}
