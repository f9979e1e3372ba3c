namespace Guardian.CleanRoom.Data;

/// <summary>What lies on the untrusted disk is not what the enclave wrote there.</summary>
public sealed class RoomStateException : Exception
{
    /// <param name="message">Which file, and what to do.</param>
    public RoomStateException(string message) : base(message)
    {
    }
}
