using System.Diagnostics.CodeAnalysis;
using Guardian.Files;

namespace Guardian.Wasi.Descriptors;

/// <summary>The guest's descriptors by number. A new descriptor gets the lowest free number, as in POSIX.</summary>
internal sealed class DescriptorTable : IDisposable
{
    /// <summary>The most descriptors that a guest can have open.</summary>
    public const int MaxCount = 4096;

    private readonly List<Descriptor?> descriptors = [];
    private int lowestFree;

    public bool IsFull => lowestFree >= MaxCount;

    public bool TryGet(uint number, [NotNullWhen(true)] out Descriptor? descriptor)
    {
        descriptor = number < (uint)descriptors.Count ? descriptors[(int)number] : null;
        return descriptor is not null;
    }

    /// <summary>Adds a descriptor. The table owns it from now on, and disposes it at once when it is full.</summary>
    public FileError Add(Descriptor descriptor, out uint number)
    {
        number = (uint)lowestFree;
        if (IsFull)
        {
            descriptor.Dispose();
            return FileError.TooManyOpen;
        }
        if (lowestFree == descriptors.Count)
        {
            descriptors.Add(descriptor);
        }
        else
        {
            descriptors[lowestFree] = descriptor;
        }
        do
        {
            lowestFree++;
        }
        while (lowestFree < descriptors.Count && descriptors[lowestFree] is not null);
        return FileError.Success;
    }

    public FileError Close(uint number)
    {
        if (!TryGet(number, out var descriptor))
        {
            return FileError.BadDescriptor;
        }
        Free(number);
        descriptor.Dispose();
        return FileError.Success;
    }

    public FileError Renumber(uint from, uint to)
    {
        if (!TryGet(from, out var moved) || !TryGet(to, out var replaced))
        {
            return FileError.BadDescriptor;
        }
        if (from != to)
        {
            descriptors[(int)to] = moved;
            Free(from);
            replaced.Dispose();
        }
        return FileError.Success;
    }

    public void Dispose()
    {
        foreach (var descriptor in descriptors)
        {
            descriptor?.Dispose();
        }
        descriptors.Clear();
        lowestFree = 0;
    }

    private void Free(uint number)
    {
        descriptors[(int)number] = null;
        lowestFree = Math.Min(lowestFree, (int)number);
    }
}
