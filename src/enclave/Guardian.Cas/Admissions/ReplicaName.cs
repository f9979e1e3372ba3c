using System.Globalization;
using Guardian.Cas.Client.Sessions;

namespace Guardian.Cas.Admissions;

/// <summary>
/// Names what belongs to one replica of a service: <c>NAME.REPLICA</c>. The names of volumes and services contain no dot.
/// </summary>
internal static class ReplicaName
{
    /// <summary>Writes the name of a replica's part.</summary>
    /// <param name="replica">The replica; null for what all have in common.</param>
    public static string Of(string name, int? replica) =>
        replica is { } number ? string.Create(CultureInfo.InvariantCulture, $"{name}.{number}") : name;

    /// <summary>Splits a name. Only the exact spelling of <see cref="Of"/> has a replica, so that no part has two names.</summary>
    public static (string Name, int? Replica) Split(string name) =>
        name.IndexOf('.', StringComparison.Ordinal) is > 0 and var dot
        && int.TryParse(name.AsSpan(dot + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var replica)
        && Of(name[..dot], replica) == name
            ? (name[..dot], replica)
            : (name, null);

    /// <summary>Whether a service has the replica.</summary>
    public static bool Has(SessionService service, int replica) => replica < service.Replicas;
}
