using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Guardian.Files;
using Guardian.Wasi.Descriptors;
using Guardian.Wasi.Streams;

namespace Guardian.Wasi.Host;

/// <summary><c>poll_oneoff</c>.</summary>
public sealed partial class WasiHost
{
    // subscription: userdata 8 | type 1, 7 unused | clock: id 4, 4 unused, timeout 8, precision 8, flags 2, 6 unused; or descriptor 4
    private const uint SubscriptionSize = 48;

    // event: userdata 8 | errno 2 | type 1, 5 unused | size 8 | flags 2, 6 unused
    private const uint EventSize = 32;

    private const byte ClockEvent = 0;
    private const byte ReadEvent = 1;
    private const byte WriteEvent = 2;
    private const ushort AbsoluteTime = 1;
    private const ushort HungUp = 1;

    // Twice the number of descriptors; bounds the host's memory.
    private const uint MaxSubscriptions = 2 * DescriptorTable.MaxCount;

    private FileError PollOneoff(uint subscriptions, uint events, uint count, uint result)
    {
        if (count is 0 or > MaxSubscriptions)
        {
            return FileError.Invalid;
        }
        if (!memory.Contains(subscriptions, count * SubscriptionSize)
            || !memory.Contains(events, count * EventSize)
            || !memory.Contains(result, 4))
        {
            return FileError.Fault;
        }
        // The guest may let the events overwrite the subscriptions.
        var subscribed = memory[subscriptions, (int)(count * SubscriptionSize)].ToArray();
        var started = (Wall: ReadClock(0)!.Value, Monotonic: ReadClock(1)!.Value);
        var awaited = new List<Readiness>();
        while (true)
        {
            awaited.Clear();
            var occurred = 0U;
            ulong? timeout = null;
            for (var i = 0; i < (int)count; i++)
            {
                ReadOnlySpan<byte> subscription = subscribed.AsSpan(i * (int)SubscriptionSize, (int)SubscriptionSize);
                var error = FileError.Success;
                var readiness = Readiness.Now();
                switch (subscription[8])
                {
                    case ClockEvent:
                        if (TimeUntilDue(subscription, started) is not { } remaining)
                        {
                            return FileError.Invalid;
                        }
                        if (remaining > 0)
                        {
                            timeout = Math.Min(timeout ?? ulong.MaxValue, remaining);
                            continue;
                        }
                        break;
                    case ReadEvent or WriteEvent:
                        var number = BinaryPrimitives.ReadUInt32LittleEndian(subscription[16..]);
                        error = PollDescriptor(number, subscription[8] == WriteEvent, out readiness);
                        if (!readiness.IsReady)
                        {
                            awaited.Add(readiness);
                            continue;
                        }
                        break;
                    default:
                        return FileError.Invalid;
                }
                WriteEventAt(events + (occurred++ * EventSize), subscription, error, readiness);
            }
            if (occurred > 0)
            {
                memory.Write32(result, occurred);
                return FileError.Success;
            }
            if (waiter.Wait(CollectionsMarshal.AsSpan(awaited), timeout) is not FileError.Success and var failed)
            {
                return failed;
            }
        }
    }

    // Nanoseconds until the subscription's time; null for an unknown clock or flag.
    private ulong? TimeUntilDue(ReadOnlySpan<byte> subscription, (ulong Wall, ulong Monotonic) started)
    {
        var clock = BinaryPrimitives.ReadUInt32LittleEndian(subscription[16..]);
        var timeout = BinaryPrimitives.ReadUInt64LittleEndian(subscription[24..]);
        var flags = BinaryPrimitives.ReadUInt16LittleEndian(subscription[40..]);
        if (clock > 1 || flags > AbsoluteTime)
        {
            return null;
        }
        var from = clock == 0 ? started.Wall : started.Monotonic;
        var due = flags == AbsoluteTime ? timeout : timeout > ulong.MaxValue - from ? ulong.MaxValue : from + timeout;
        var now = ReadClock(clock)!.Value;
        return due > now ? due - now : 0;
    }

    private FileError PollDescriptor(uint number, bool isWriting, out Readiness readiness)
    {
        readiness = Readiness.Now();
        var error = Find<Descriptor>(number, Rights.PollFdReadwrite, FileError.BadDescriptor, out var found);
        if (error != FileError.Success)
        {
            return error;
        }
        switch (found)
        {
            case FileDescriptor file:
                error = file.File.Stat(out var stat);
                readiness = Readiness.Now(!isWriting && stat.Size > file.Position ? stat.Size - file.Position : 0);
                return error;
            case StreamDescriptor stream:
                readiness = isWriting ? stream.Stream.WriteReadiness() : stream.Stream.ReadReadiness();
                return FileError.Success;
            case ListenerDescriptor listener:
                readiness = listener.Listener.AcceptReadiness();
                return FileError.Success;
            default:
                return FileError.BadDescriptor;
        }
    }

    private void WriteEventAt(uint pointer, ReadOnlySpan<byte> subscription, FileError error, Readiness readiness)
    {
        var target = memory[pointer, (int)EventSize];
        target.Clear();
        subscription[..8].CopyTo(target);
        BinaryPrimitives.WriteUInt16LittleEndian(target[8..], (ushort)error);
        target[10] = subscription[8];
        BinaryPrimitives.WriteUInt64LittleEndian(target[16..], readiness.Size);
        BinaryPrimitives.WriteUInt16LittleEndian(target[24..], readiness.HasHungUp ? HungUp : (ushort)0);
    }
}
