using Guardian.Libvirt.Rpc;
using Guardian.Refusals;

namespace Guardian.Node.Relay;

/// <summary>The decision about a held frame.</summary>
/// <param name="Forward">The bytes that are passed on in its place; may be empty.</param>
/// <param name="Answer">The bytes that go back to its sender; may be empty.</param>
internal readonly record struct FrameVerdict(ReadOnlyMemory<byte> Forward, ReadOnlyMemory<byte> Answer)
{
    public static FrameVerdict Replace(byte[] frame) => new(frame, default);

    public static FrameVerdict Reply(byte[] frame) => new(default, frame);
}

/// <summary>Decides about the frames of one direction.</summary>
internal interface IFrameInspector
{
    /// <summary>Whether the inspector needs the whole frame before any of it is passed on.</summary>
    /// <exception cref="RefusedException">The connection must end.</exception>
    bool MustHold(RpcHeader header);

    /// <summary>
    /// Decides about a held frame; null passes it on unchanged. If the decision takes time, the frame waits for it beside the stream.
    /// </summary>
    /// <param name="header">The frame's head.</param>
    /// <param name="frame">The frame, valid until the method returns.</param>
    /// <param name="mayWait">Whether another frame may wait; if not, the decision is made at once.</param>
    Task<FrameVerdict?> InspectAsync(RpcHeader header, ReadOnlySpan<byte> frame, bool mayWait);
}
