using System.Buffers.Binary;

namespace Guardian.Wasi.Host;

/// <summary>A guest's memory during one host call. The guest does not run meanwhile, so the memory neither moves nor changes its
/// size.</summary>
/// <remarks>Every access is checked against the size. Unaligned addresses are allowed, as in other WASI hosts.</remarks>
internal readonly unsafe struct GuestMemory(byte* start, ulong size)
{
    /// <summary>Whether a range lies inside.</summary>
    public bool Contains(uint pointer, ulong length) => length <= size && pointer <= size - length;

    /// <summary>A range that the caller has already checked.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The range is not inside the memory.</exception>
    public Span<byte> this[uint pointer, int length] => Contains(pointer, (uint)length)
        ? new Span<byte>(start + pointer, length)
        : throw new ArgumentOutOfRangeException(nameof(pointer));

    public bool TrySlice(uint pointer, uint length, out Span<byte> slice)
    {
        var isInside = length <= int.MaxValue && Contains(pointer, length);
        slice = isInside ? new Span<byte>(start + pointer, (int)length) : default;
        return isInside;
    }

    public uint Read32(uint pointer) => BinaryPrimitives.ReadUInt32LittleEndian(this[pointer, 4]);

    public void Write32(uint pointer, uint value) => BinaryPrimitives.WriteUInt32LittleEndian(this[pointer, 4], value);

    public void Write64(uint pointer, ulong value) => BinaryPrimitives.WriteUInt64LittleEndian(this[pointer, 8], value);
}
