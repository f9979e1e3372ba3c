using System.Runtime.InteropServices;

namespace Guardian.CleanRoom;

/// <summary>Memory that begins at a cache line and never moves, so that vectors do not straddle lines and a recorder can tell addresses. Zeroed when asked for.</summary>
internal sealed class AlignedBytes
{
    private const int Alignment = 64;

    private readonly byte[] array;
    private readonly int offset;
    private readonly int size;

    public AlignedBytes(int size)
    {
        this.size = size;
        array = GC.AllocateUninitializedArray<byte>(checked(size + Alignment), pinned: true);
        offset = (int)(-(long)Marshal.UnsafeAddrOfPinnedArrayElement(array, 0) & (Alignment - 1));
    }

    public Span<byte> Span => array.AsSpan(offset, size);

    public Span<ulong> Words => MemoryMarshal.Cast<byte, ulong>(Span);

    public ref ulong FirstWord => ref MemoryMarshal.GetReference(Words);

    public ref ushort FirstHalf => ref MemoryMarshal.GetReference(MemoryMarshal.Cast<byte, ushort>(Span));
}
