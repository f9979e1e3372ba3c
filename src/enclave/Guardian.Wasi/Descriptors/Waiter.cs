using Guardian.Files;
using Guardian.Files.Native;
using Guardian.Wasi.Streams;

namespace Guardian.Wasi.Descriptors;

/// <summary>Waits for streams. All host calls wait here, so that another thread can end every wait.</summary>
internal sealed class Waiter : IDisposable
{
    // An event that becomes readable, and stays so, when waiting is over.
    private readonly int cancelled = Libc.CreateEvent(0, Libc.CloseOnExec | Libc.NonBlocking);
    private readonly Lock isClosing = new();
    private bool isDisposed;

    public unsafe void Cancel()
    {
        lock (isClosing)
        {
            if (!isDisposed)
            {
                var one = 1UL;
                _ = Libc.Write(cancelled, (byte*)&one, sizeof(ulong));
            }
        }
    }

    /// <summary>Waits until a stream may be ready.</summary>
    /// <returns>Success or <see cref="FileError.Canceled"/>.</returns>
    public FileError Wait(Readiness awaited) => Wait([awaited], null);

    /// <summary>Waits until one of several streams may be ready, or the time is over.</summary>
    /// <param name="awaited">The streams.</param>
    /// <param name="timeout">Nanoseconds; null for no limit.</param>
    /// <returns>Success, also when the time is over, or <see cref="FileError.Canceled"/>.</returns>
    public unsafe FileError Wait(ReadOnlySpan<Readiness> awaited, ulong? timeout)
    {
        const int few = 16;
        var count = awaited.Length + 1;
        Span<Libc.Poll> polls = count <= few ? stackalloc Libc.Poll[few] : new Libc.Poll[count];
        polls[0] = new Libc.Poll { Descriptor = cancelled, Events = Libc.In };
        for (var i = 0; i < awaited.Length; i++)
        {
            polls[i + 1] = new Libc.Poll { Descriptor = awaited[i].Descriptor, Events = awaited[i].ForWriting ? Libc.Out : Libc.In };
        }
        fixed (Libc.Poll* start = polls)
        {
            _ = Libc.Wait(start, (uint)count, timeout is { } nanoseconds ? ToTime(nanoseconds) : null);
        }
        return polls[0].Occurred != 0 ? FileError.Canceled : FileError.Success;
    }

    public void Dispose()
    {
        lock (isClosing)
        {
            if (!isDisposed)
            {
                isDisposed = true;
                _ = Libc.Close(cancelled);
            }
        }
    }

    private static Libc.Time ToTime(ulong nanoseconds)
    {
        const ulong second = 1_000_000_000;
        return new Libc.Time { Seconds = (long)(nanoseconds / second), Nanoseconds = (long)(nanoseconds % second) };
    }
}
