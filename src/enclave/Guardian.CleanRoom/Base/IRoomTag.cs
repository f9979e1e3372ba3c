using Guardian.Refusals;

namespace Guardian.CleanRoom.Base;

/// <summary>
/// A value of 32 bytes that a room keeps outside the host's reach: at the CAS. One holds the hash of the newest log entry, which detects
/// an older copy of the room's folder. Another holds the secret that wraps the keys of data, which is replaced to erase a key.
/// </summary>
/// <remarks>Both methods throw a <see cref="RefusedException"/> of kind <see cref="RefusalKind.Unavailable"/> when the value cannot be
/// reached. Nothing is answered without it.</remarks>
public interface IRoomTag
{
    /// <summary>Reads the value.</summary>
    /// <returns>32 bytes; null when it was never set.</returns>
    /// <exception cref="RefusedException">The value cannot be reached.</exception>
    byte[]? Read();

    /// <summary>Replaces the value, if it is the expected one. The earlier value is gone when this returns true.</summary>
    /// <param name="expected">The value as the caller knows it; null for none.</param>
    /// <param name="next">The next value, 32 bytes.</param>
    /// <returns>False when the value is another one: another enclave has replaced it.</returns>
    /// <exception cref="RefusedException">The value cannot be reached; it may have been replaced or not.</exception>
    bool TryMove(byte[]? expected, byte[] next);
}
