namespace Guardian.Libvirt.Rpc;

/// <summary>Error numbers of libvirt (include/libvirt/virterror.h) that Guardian uses. They are ABI and never change.</summary>
public enum RpcErrorCode
{
    OperationFailed = 9,
    XmlDetail = 35,
    NoDomain = 42,
    AuthFailed = 45,
    ConfigUnsupported = 67,
    OperationUnsupported = 84,
}

/// <summary>An error as libvirt sends it in place of a reply.</summary>
/// <param name="Code">libvirt's number.</param>
/// <param name="Message">The text, which clients show unchanged.</param>
public sealed record RpcError(RpcErrorCode Code, string Message)
{
    // Clients cut longer messages, and a log should not drown in one.
    private const uint MaxMessageSize = 64 * 1024;

    private const int FromQemu = 10;
    private const int LevelError = 2;

    /// <summary>Makes the frame that answers a call with this error.</summary>
    // virNetMessageError: int code | int domain | optional string message | int level | optional domain dom |
    //   optional string str1, str2, str3 | int int1, int2 | optional network net
    public byte[] MakeReply(RpcHeader call) => call.MakeReply(RpcStatus.Error).MakeFrame(new XdrWriter()
        .WriteInt32((int)Code).WriteInt32(FromQemu).WriteOptionalString(Message).WriteInt32(LevelError).WriteUInt32(0)
        .WriteOptionalString(null).WriteOptionalString(null).WriteOptionalString(null).WriteInt32(0).WriteInt32(0).WriteUInt32(0)
        .ToArray());

    /// <summary>Reads an error's code and message; the rest is not needed. Never throws.</summary>
    public static RpcError Read(ReadOnlySpan<byte> payload)
    {
        var reader = new XdrReader(payload);
        return reader.TryReadInt32(out var code) && reader.TryReadInt32(out _)
            && reader.TryReadOptionalString(MaxMessageSize, out var message)
                ? new RpcError((RpcErrorCode)code, message ?? "libvirt gave no reason")
                : new RpcError(RpcErrorCode.OperationFailed, "libvirt's error cannot be read");
    }
}
