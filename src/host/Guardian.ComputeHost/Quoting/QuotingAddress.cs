using System.Globalization;
using System.Net.Sockets;
using Guardian.Files.Native;

namespace Guardian.ComputeHost.Quoting;

/// <summary>The address of a quoting service: a vsock port, or a socket in the file system. Immutable.</summary>
public sealed record QuotingAddress
{
    // unix(7): sun_path has 108 bytes, with the zero at the end.
    private const int MaxPathSize = 107;

    private QuotingAddress(string? path, uint cid, uint port) => (Path, Cid, Port) = (path, cid, port);

    /// <summary>The socket's path; null for vsock.</summary>
    public string? Path { get; }

    /// <summary>The machine's context identifier; meaningless with a path.</summary>
    public uint Cid { get; }

    /// <summary>The vsock port; meaningless with a path.</summary>
    public uint Port { get; }

    /// <summary>Reads an address.</summary>
    /// <param name="text"><c>unix:PATH</c>, <c>vsock:CID:PORT</c>, or <c>vsock:PORT</c> for every address of this machine.</param>
    /// <returns>The address, or null. Never throws for any content.</returns>
    public static QuotingAddress? TryParse(string? text)
    {
        if (text?.StartsWith("unix:", StringComparison.Ordinal) == true)
        {
            var path = text["unix:".Length..];
            return System.Text.Encoding.UTF8.GetByteCount(path) is > 0 and <= MaxPathSize ? new QuotingAddress(path, 0, 0) : null;
        }
        return text?.Split(':') switch
        {
            ["vsock", var port] when TryReadNumber(port, out var number) => new QuotingAddress(null, VirtualSocket.AnyCid, number),
            ["vsock", var cid, var port] when TryReadNumber(cid, out var machine) && TryReadNumber(port, out var number) =>
                new QuotingAddress(null, machine, number),
            _ => null,
        };
    }

    /// <inheritdoc/>
    public override string ToString() => Path is not null ? $"unix:{Path}"
        : Cid == VirtualSocket.AnyCid ? string.Create(CultureInfo.InvariantCulture, $"vsock:{Port}")
        : string.Create(CultureInfo.InvariantCulture, $"vsock:{Cid}:{Port}");

    /// <summary>Connects.</summary>
    /// <returns>The connection; the caller disposes it.</returns>
    /// <exception cref="IOException">Nothing listens there, or the kernel has no vsock.</exception>
    internal Socket Connect()
    {
        if (Path is null)
        {
            return VirtualSocket.Connect(Cid, Port);
        }
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            socket.Connect(new UnixDomainSocketEndPoint(Path));
            return socket;
        }
        catch (SocketException failure)
        {
            socket.Dispose();
            throw new IOException($"cannot connect to {Path}: {failure.Message}", failure);
        }
    }

    private static bool TryReadNumber(string text, out uint number) =>
        uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number) && number != VirtualSocket.AnyCid;
}
