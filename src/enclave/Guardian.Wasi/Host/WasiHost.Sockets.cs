using Guardian.Files;
using Guardian.Wasi.Descriptors;
using Guardian.Wasi.Streams;

namespace Guardian.Wasi.Host;

/// <summary>Sockets. WASI preview 1 has calls to accept, receive, send and shut down, but none to create a socket.</summary>
public sealed partial class WasiHost
{
    // riflags
    private const uint Peek = 1;
    private const uint WaitForAll = 2;

    private FileError SockAccept(uint number, uint flags, uint result)
    {
        var error = FindSocket<ListenerDescriptor>(number, Rights.SockAccept, out var found);
        if (error != FileError.Success)
        {
            return error;
        }
        if ((flags & ~(uint)FdFlags.Nonblock) != 0)
        {
            return FileError.Invalid;
        }
        if (!memory.Contains(result, 4))
        {
            return FileError.Fault;
        }
        if (descriptors.IsFull)
        {
            return FileError.TooManyOpen;
        }
        while (true)
        {
            error = found!.Listener.Accept(out var connection);
            if (error == FileError.Success)
            {
                var accepted = new StreamDescriptor(connection!)
                {
                    Base = found.Inheriting & Rights.OfSocket,
                    Flags = (FdFlags)flags | found.OfConnections,
                };
                error = descriptors.Add(accepted, out var acceptedNumber);
                if (error == FileError.Success)
                {
                    memory.Write32(result, acceptedNumber);
                }
                return error;
            }
            if (error != FileError.Again || !found.Waits)
            {
                return error;
            }
            error = WaitUntilReady(found.Listener.AcceptReadiness());
            if (error != FileError.Success)
            {
                return error;
            }
        }
    }

    private FileError SockRecv(uint number, uint vectors, uint count, uint flags, uint sizeResult, uint flagsResult)
    {
        var error = FindSocket<StreamDescriptor>(number, Rights.FdRead, out var found);
        if (error != FileError.Success)
        {
            return error;
        }
        if (flags > (Peek | WaitForAll))
        {
            return FileError.Invalid;
        }
        if (!memory.TrySlice(flagsResult, 2, out var outFlags))
        {
            return FileError.Fault;
        }
        error = Receive(found!, vectors, count, (flags & Peek) != 0, (flags & WaitForAll) != 0, sizeResult);
        if (error == FileError.Success)
        {
            // A stream never truncates a message.
            outFlags.Clear();
        }
        return error;
    }

    private FileError SockSend(uint number, uint vectors, uint count, uint flags, uint result)
    {
        var error = FindSocket<StreamDescriptor>(number, Rights.FdWrite, out var found);
        return error != FileError.Success ? error : flags != 0 ? FileError.Invalid : Send(found!, vectors, count, result);
    }

    // sdflags: 1 stop receiving | 2 stop sending
    private FileError SockShutdown(uint number, uint how)
    {
        var error = FindSocket<StreamDescriptor>(number, Rights.SockShutdown, out var found);
        return error != FileError.Success ? error
            : how is 0 or > 3 ? FileError.Invalid
            : ((IGuestSocket)found!.Stream).Shutdown((how & 1) != 0, (how & 2) != 0);
    }

    // The kind is checked before the rights: a file gives notsock whatever its rights are. The other kind of socket is in the wrong state
    // for the call.
    private FileError FindSocket<T>(uint number, Rights right, out T? found) where T : Descriptor
    {
        found = null;
        return descriptors.TryGet(number, out var other) && other is not (ListenerDescriptor or StreamDescriptor { Stream: IGuestSocket })
            ? FileError.NotSocket
            : Find(number, right, typeof(T) == typeof(ListenerDescriptor) ? FileError.Invalid : FileError.NotConnected, out found);
    }
}
