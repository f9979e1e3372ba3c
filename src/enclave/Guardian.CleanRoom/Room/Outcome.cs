namespace Guardian.CleanRoom.Room;

/// <summary>Why a room does not do what a member asked: a stable reason for programs, a sentence for people.</summary>
/// <param name="Kind">What sort of refusal it is.</param>
/// <param name="Reason">For example <c>below-minimum-audience</c>.</param>
/// <param name="Detail">What, where and how to mend it; no secrets.</param>
public sealed record RoomRefusal(RefusalKind Kind, string Reason, string Detail);

/// <summary>Sorts of refusal, by what the member can do about it.</summary>
public enum RefusalKind
{
    /// <summary>What was sent is wrong.</summary>
    Invalid,

    /// <summary>The member may not do that here.</summary>
    Forbidden,

    /// <summary>No such data set or upload.</summary>
    NotFound,

    /// <summary>Not in this state: another upload, another order, data missing.</summary>
    Conflict,

    /// <summary>The CAS cannot be reached, without which nothing may be answered; try again.</summary>
    Unavailable,

    /// <summary>A privacy rule withholds the answer.</summary>
    Withheld,
}

/// <summary>What was asked for, or why not. Exactly one of the two is set.</summary>
public readonly record struct Outcome<T>(T? Value, RoomRefusal? Refusal) where T : class
{
    /// <summary>A result.</summary>
    public static implicit operator Outcome<T>(T value) => new(value, null);

    /// <summary>A refusal.</summary>
    public static implicit operator Outcome<T>(RoomRefusal refusal) => new(null, refusal);
}
