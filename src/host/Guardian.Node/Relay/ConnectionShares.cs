namespace Guardian.Node.Relay;

/// <summary>Shares the relay's connections among its users.</summary>
internal static class ConnectionShares
{
    // nova-compute holds one connection, an operator's virsh a few. Each costs two threads, or three; the cap stops a client that connects
    // in a loop from using up the host's memory.
    public const int MaxConnections = 128;

    // nova-compute makes calls every few seconds.
    private static readonly TimeSpan MaxIdleTime = TimeSpan.FromMinutes(1);

    /// <summary>
    /// Chooses the connection that is closed in favour of a new one, when all are in use. The user with the most connections gives up the
    /// one that made no call for longest: to a user with fewer at once, to others only if it is idle.
    /// </summary>
    /// <param name="open">The open connections: user, and time since the last call.</param>
    /// <param name="newcomer">The user of the new connection.</param>
    /// <returns>An index of <paramref name="open"/>, or null when the new connection is refused.</returns>
    public static int? FindVictim(IReadOnlyList<(uint User, TimeSpan IdleTime)> open, uint newcomer)
    {
        var users = open.CountBy(connection => connection.User).ToDictionary();
        var largest = users.MaxBy(user => user.Value);
        var victim = Enumerable.Range(0, open.Count).Where(index => open[index].User == largest.Key).MaxBy(index => open[index].IdleTime);
        return largest.Value > users.GetValueOrDefault(newcomer) + 1 || open[victim].IdleTime >= MaxIdleTime ? victim : null;
    }
}
