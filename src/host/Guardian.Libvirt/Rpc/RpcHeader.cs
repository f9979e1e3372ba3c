using System.Buffers.Binary;

namespace Guardian.Libvirt.Rpc;

/// <summary>The kind of a frame (libvirt, src/rpc/virnetprotocol.x, virNetMessageType).</summary>
public enum RpcType : uint
{
    Call = 0,
    Reply = 1,
    Message = 2,
    Stream = 3,
    CallWithFds = 4,
    ReplyWithFds = 5,
    StreamHole = 6,
}

/// <summary>Whether a call succeeded (virNetMessageStatus).</summary>
public enum RpcStatus : uint
{
    Ok = 0,
    Error = 1,
    Continue = 2,
}

/// <summary>The head of a frame of libvirt's RPC.</summary>
/// <param name="Length">The whole frame in bytes, this head included.</param>
/// <param name="Program">The program that a call goes to.</param>
/// <param name="Version">The program's version.</param>
/// <param name="Procedure">The procedure's number in the program.</param>
/// <param name="Type">The kind of frame.</param>
/// <param name="Serial">The caller chooses it and the reply repeats it; zero in events.</param>
/// <param name="Status">Whether the call succeeded.</param>
public readonly record struct RpcHeader(
    uint Length, uint Program, uint Version, uint Procedure, RpcType Type, uint Serial, RpcStatus Status)
{
    /// <summary>The size of the head in bytes.</summary>
    public const int Size = 28;

    /// <summary>The largest frame in bytes: VIR_NET_MESSAGE_MAX and the length word itself.</summary>
    public const uint MaxLength = 33_554_432 + 4;

    /// <summary>The program of libvirt's own calls; the others are hypervisor specific, or keep-alive.</summary>
    public const uint RemoteProgram = 0x2000_8086;

    /// <summary>The program of keep-alive messages (docs/internals/rpc.html).</summary>
    public const uint KeepAliveProgram = 0x6b65_6570;

    /// <summary>The only version that any program has.</summary>
    public const uint ProgramVersion = 1;

    /// <summary>Whether the frame is a call of libvirt's own program that carries no file descriptors.</summary>
    public bool IsRemoteCall => Program == RemoteProgram && Version == ProgramVersion && Type == RpcType.Call;

    /// <summary>Reads the head from the first <see cref="Size"/> bytes; false when the length is impossible.</summary>
    // Big-endian words of 32 bits (docs/internals/rpc.html):
    //   length | program | version | procedure | type | serial | status
    public static bool TryRead(ReadOnlySpan<byte> bytes, out RpcHeader header)
    {
        if (bytes.Length < Size)
        {
            header = default;
            return false;
        }
        header = new RpcHeader(
            ReadWord(bytes, 0), ReadWord(bytes, 1), ReadWord(bytes, 2), ReadWord(bytes, 3),
            (RpcType)ReadWord(bytes, 4), ReadWord(bytes, 5), (RpcStatus)ReadWord(bytes, 6));
        return header.Length is >= Size and <= MaxLength;
    }

    /// <summary>Makes a frame of this head and a payload; <see cref="Length"/> is ignored and follows from the payload.</summary>
    public byte[] MakeFrame(ReadOnlySpan<byte> payload)
    {
        var frame = new byte[Size + payload.Length];
        uint[] words = [(uint)frame.Length, Program, Version, Procedure, (uint)Type, Serial, (uint)Status];
        for (var i = 0; i < words.Length; i++)
        {
            BinaryPrimitives.WriteUInt32BigEndian(frame.AsSpan(4 * i), words[i]);
        }
        payload.CopyTo(frame.AsSpan(Size));
        return frame;
    }

    /// <summary>Makes the head of the reply to this call.</summary>
    public RpcHeader MakeReply(RpcStatus status) => this with { Type = RpcType.Reply, Status = status };

    private static uint ReadWord(ReadOnlySpan<byte> bytes, int index) => BinaryPrimitives.ReadUInt32BigEndian(bytes[(4 * index)..]);
}
