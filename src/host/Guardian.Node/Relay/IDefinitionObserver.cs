using System.Xml.Linq;
using Guardian.Libvirt.Rpc;

namespace Guardian.Node.Relay;

/// <summary>Observes the definitions that one connection passes on, and libvirtd's replies to them. It changes nothing.</summary>
internal interface IDefinitionObserver
{
    /// <summary>A definition is about to be passed on.</summary>
    /// <param name="call">The head of its call.</param>
    /// <param name="connectionUri">The driver that the client opened.</param>
    /// <param name="domain">The definition as libvirtd gets it.</param>
    void OnDefinition(RpcHeader call, string connectionUri, XElement domain);

    /// <summary>libvirtd has sent a frame. Another thread calls this than the other methods.</summary>
    void OnReply(RpcHeader reply);

    /// <summary>libvirtd will send nothing more.</summary>
    void OnClosed();
}
