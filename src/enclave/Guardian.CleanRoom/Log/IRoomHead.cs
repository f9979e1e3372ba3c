using Guardian.Refusals;

namespace Guardian.CleanRoom.Log;

/// <summary>
/// Keeps the hash of a room's newest log entry outside the host's reach: at the CAS. Budgets, history and versions depend on the log, so
/// the head detects an older copy of the room's folder.
/// </summary>
/// <remarks>Both methods throw a <see cref="RefusedException"/> of kind <see cref="RefusalKind.Unavailable"/> when the head cannot be
/// reached. Nothing is answered without it.</remarks>
public interface IRoomHead
{
    /// <summary>Reads the head.</summary>
    /// <returns>32 bytes; null when there never was a head.</returns>
    /// <exception cref="RefusedException">The head cannot be reached.</exception>
    byte[]? Read();

    /// <summary>Moves the head, if it has the expected value.</summary>
    /// <param name="expected">The head as the caller knows it; null for none.</param>
    /// <param name="next">The new head, 32 bytes.</param>
    /// <returns>False when the head has another value: another enclave has moved it.</returns>
    /// <exception cref="RefusedException">The head cannot be reached; it may have moved or not.</exception>
    bool TryMove(byte[]? expected, byte[] next);
}
