using System.Xml.Linq;

namespace Guardian.Libvirt.Domain;

/// <summary>A guest's launch security (docs/formatdomain.html, Launch Security).</summary>
public static class LaunchSecurity
{
    /// <summary>libvirt's word for Intel TDX, since 11.6.</summary>
    public const string Tdx = "tdx";

    /// <summary>Finds the type of a guest's launch security; null when it has none.</summary>
    public static string? FindType(XElement domain) => (string?)domain.Element("launchSecurity")?.Attribute("type");

    /// <summary>Whether a guest is a TDX guest.</summary>
    public static bool IsTdx(XElement domain) => FindType(domain) == Tdx;
}
