using System.Buffers.Binary;

namespace Guardian.Node.Libvirt;

/// <summary>What a frame is (libvirt, src/rpc/virnetprotocol.x, virNetMessageType).</summary>
internal enum RpcType : uint
{
    Call = 0,
    Reply = 1,
    Message = 2,
    Stream = 3,
    CallWithFds = 4,
    ReplyWithFds = 5,
    StreamHole = 6,
}

/// <summary>Whether a call went well (virNetMessageStatus).</summary>
internal enum RpcStatus : uint
{
    Ok = 0,
    Error = 1,
    Continue = 2,
}

/// <summary>The head of a frame of libvirt's RPC.</summary>
/// <param name="Length">The whole frame in bytes, this head included.</param>
/// <param name="Serial">Chosen by the caller, repeated in the reply; zero in events.</param>
internal readonly record struct RpcHeader(uint Length, uint Program, uint Version, uint Procedure, RpcType Type, uint Serial, RpcStatus Status)
{
    /// <summary>The size of the head in bytes.</summary>
    public const int Size = 28;

    /// <summary>The largest frame in bytes: VIR_NET_MESSAGE_MAX and the length word itself.</summary>
    public const uint MaxLength = 33_554_432 + 4;

    /// <summary>The program of libvirt's own calls; the others are hypervisor specific, or keep-alive.</summary>
    public const uint RemoteProgram = 0x2000_8086;

    /// <summary>The only version there is of every program.</summary>
    public const uint ProgramVersion = 1;

    /// <summary>Whether the frame is a call of libvirt's own that carries no file descriptors.</summary>
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
        header = new RpcHeader(Word(bytes, 0), Word(bytes, 1), Word(bytes, 2), Word(bytes, 3), (RpcType)Word(bytes, 4), Word(bytes, 5), (RpcStatus)Word(bytes, 6));
        return header.Length is >= Size and <= MaxLength;
    }

    /// <summary>Makes a frame; the length follows from the payload.</summary>
    public byte[] Frame(ReadOnlySpan<byte> payload)
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

    /// <summary>The reply to this call.</summary>
    public RpcHeader Reply(RpcStatus status) => this with { Type = RpcType.Reply, Status = status };

    private static uint Word(ReadOnlySpan<byte> bytes, int index) => BinaryPrimitives.ReadUInt32BigEndian(bytes[(4 * index)..]);
}
