namespace Guardian.CleanRoom.Client;

/// <summary>Why a room did not do what was asked.</summary>
public enum RoomFailure
{
    /// <summary>No answer, or the connection broke: try again.</summary>
    Unreachable,

    /// <summary>The room's evidence did not verify, or is not the enclave the contract names.</summary>
    NotTrusted,

    /// <summary>The room refused: by rule, by contract, or because what was sent is wrong.</summary>
    Refused,
}

/// <summary>The room refused or could not be reached.</summary>
public sealed class RoomException : Exception
{
    /// <param name="reason">Stable word for programs.</param>
    public RoomException(RoomFailure failure, string reason, string message, Exception? inner = null) : base(message, inner)
    {
        Failure = failure;
        Reason = reason;
    }

    /// <summary>Why.</summary>
    public RoomFailure Failure { get; }

    /// <summary>Stable word for programs, for example <c>below-minimum-audience</c>.</summary>
    public string Reason { get; }

    /// <summary>Whether the same call may succeed later.</summary>
    public bool IsTransient => Failure == RoomFailure.Unreachable;
}
