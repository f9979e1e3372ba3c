using System.Runtime.InteropServices;

namespace Guardian.CleanRoom.Base;

/// <summary>
/// Memory at a fixed offset in a page that never moves. Vectors in it do not straddle cache lines, and a recorder can identify addresses.
/// Not zeroed.
/// </summary>
internal sealed class AlignedBytes
{
    private const int PageSize = 4096;

    private readonly byte[] array;
    private readonly int offset;
    private readonly int size;

    /// <param name="size">Bytes.</param>
    /// <param name="skew">Bytes from the start of a page, a multiple of 64.</param>
    public AlignedBytes(int size, int skew = 0)
    {
        this.size = size;
        array = GC.AllocateUninitializedArray<byte>(checked(size + PageSize), pinned: true);
        offset = (int)((skew - (long)Marshal.UnsafeAddrOfPinnedArrayElement(array, 0)) & (PageSize - 1));
    }

    public Span<byte> Span => array.AsSpan(offset, size);

    public Span<ulong> Words => MemoryMarshal.Cast<byte, ulong>(Span);

    public ref ulong FirstWord => ref MemoryMarshal.GetReference(Words);

    public ref ushort FirstHalf => ref MemoryMarshal.GetReference(MemoryMarshal.Cast<byte, ushort>(Span));
}
