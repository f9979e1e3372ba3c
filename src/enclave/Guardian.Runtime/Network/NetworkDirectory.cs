using System.Globalization;
using Guardian.Cas.Client.Protocol;
using Guardian.Files;

namespace Guardian.Runtime.Network;

/// <summary>
/// <c>/dev/tcp</c>: opening <c>/dev/tcp/HOST/PORT</c> connects to a host and port that the startup configuration names; every other name is
/// refused. WASI preview 1 has no call to connect, and shells have used this path for long.
/// </summary>
internal sealed class NetworkDirectory : VirtualDirectory
{
    /// <summary>The guest's path of the directory.</summary>
    public const string GuestPath = "/dev/tcp";

    private readonly Func<string, INode?> open;
    private readonly IReadOnlyList<string> names;

    private NetworkDirectory(IEnumerable<string> names, Func<string, INode?> open)
    {
        this.names = [.. names.Distinct().Order(StringComparer.Ordinal)];
        this.open = open;
    }

    /// <param name="destinations">All destinations that the guest may connect to.</param>
    /// <param name="connector">Makes the connections.</param>
    public static NetworkDirectory Create(IReadOnlyList<ConnectConfiguration> destinations, Connector connector) => new(
        destinations.Select(each => each.Host),
        host => destinations.Where(each => each.Host == host).ToList() is { Count: > 0 } ports ? CreateForHost(ports, connector) : null);

    public override FileError Open(string name, FileOpenMode mode, out INode? node)
    {
        node = open(name);
        return node is null ? FileError.Access : FileError.Success;
    }

    public override FileError List(ulong cookie, int max, out IReadOnlyList<DirectoryEntry> entries)
    {
        var page = names.Skip((int)Math.Min(cookie, int.MaxValue)).Take(max);
        entries = [.. page.Select((name, i) => new DirectoryEntry(name, 1, FileKind.Unknown, cookie + (ulong)i + 1))];
        return FileError.Success;
    }

    private static NetworkDirectory CreateForHost(List<ConnectConfiguration> ports, Connector connector) => new(
        ports.Select(each => each.Port.ToString(CultureInfo.InvariantCulture)),
        port => ports.Find(each => each.Port.ToString(CultureInfo.InvariantCulture) == port) is { } found
            ? new DestinationNode(found, connector)
            : null);
}
