namespace Guardian.Node.Libvirt;

/// <summary>Why libvirt gave no answer.</summary>
public enum LibvirtFailure
{
    /// <summary>Nobody listens, the peer went away, or it took too long.</summary>
    Unreachable,

    /// <summary>The daemon answered with an error.</summary>
    Refused,

    /// <summary>The answer is not libvirt's format.</summary>
    Malformed,
}

/// <summary>libvirt gave no answer.</summary>
public sealed class LibvirtException(LibvirtFailure failure, string message, Exception? inner = null) : Exception(message, inner)
{
    public LibvirtFailure Failure { get; } = failure;

    /// <summary>The daemon's own number, where it refused.</summary>
    public RpcErrorCode? Code { get; init; }
}
