using System.Runtime.InteropServices;

namespace Guardian.Simulation.Memory;

/// <summary>Memory outside the managed heap, full of zeros. The system provides a page when it is first written, so unused ones cost
/// nothing.</summary>
internal sealed unsafe class NativeMemoryBlock : SafeHandle
{
    private readonly int size;

    /// <param name="size">Bytes.</param>
    public NativeMemoryBlock(int size) : base(0, ownsHandle: true)
    {
        this.size = size;
        handle = (nint)NativeMemory.AllocZeroed((nuint)size);
    }

    public override bool IsInvalid => handle == 0;

    /// <summary>A part of the memory. It must not be used after <see cref="SafeHandle.Dispose()"/>.</summary>
    public Span<byte> Slice(int offset, int length)
    {
        ObjectDisposedException.ThrowIf(IsClosed, this);
        return new Span<byte>((byte*)handle, size).Slice(offset, length);
    }

    protected override bool ReleaseHandle()
    {
        NativeMemory.Free((void*)handle);
        return true;
    }
}
