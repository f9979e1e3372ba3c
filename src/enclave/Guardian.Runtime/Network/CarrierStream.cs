using System.Net.Sockets;

namespace Guardian.Runtime.Network;

/// <summary>The bytes of a connection as the host carries them.</summary>
/// <remarks>
/// The base library's TLS takes the end of these bytes for the end of the peer's data. But only TLS's own last message says that, because
/// the host can end the connection anywhere.
/// </remarks>
/// <param name="socket">The connection, which the stream does not own.</param>
internal sealed class CarrierStream(Socket socket) : NetworkStream(socket, ownsSocket: false)
{
    /// <summary>Whether the end of the bytes was read.</summary>
    public bool HasEnded { get; private set; }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var read = await base.ReadAsync(buffer, cancellationToken).ConfigureAwait(false);
        HasEnded |= read == 0 && !buffer.IsEmpty;
        return read;
    }
}
