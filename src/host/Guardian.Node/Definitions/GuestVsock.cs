using System.Xml.Linq;

namespace Guardian.Node.Definitions;

/// <summary>The vsock device of a guest (docs/formatdomain.html, Vsock), over which it reaches services of its host.</summary>
internal static class GuestVsock
{
    /// <summary>Adds the device, unless the guest has one. libvirt chooses the guest's CID at its start.</summary>
    public static void Add(XElement domain)
    {
        if (domain.Elements("devices").Elements("vsock").Any())
        {
            return;
        }
        var device = new XElement(
            "vsock", new XAttribute("model", "virtio"), new XElement("cid", new XAttribute("auto", "yes")));
        domain.Element("devices")!.Add(device);
    }
}
