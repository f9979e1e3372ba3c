namespace Guardian.CleanRoom.Log;

/// <summary>
/// Keeps the hash of a room's newest log entry where the host cannot turn it back: with the CAS. Budget, history and versions all follow from the log, so that
/// an older copy of the room's folder is noticed.
/// </summary>
public interface IRoomHead
{
    /// <summary>The head, 32 bytes; null when there never was one.</summary>
    /// <exception cref="RoomHeadException">It cannot be reached.</exception>
    byte[]? Read();

    /// <summary>Moves the head, if it is what the caller expects.</summary>
    /// <returns>False when it is something else: another enclave has moved it.</returns>
    /// <exception cref="RoomHeadException">It cannot be reached; it may have been moved or not.</exception>
    bool TryMove(byte[]? expected, byte[] next);
}

/// <summary>The head of the log cannot be reached. Nothing is answered without it; try again.</summary>
public sealed class RoomHeadException : Exception
{
    /// <param name="message">Why.</param>
    /// <param name="inner">What went wrong beneath.</param>
    public RoomHeadException(string message, Exception? inner = null) : base(message, inner)
    {
    }
}
