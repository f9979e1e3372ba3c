namespace Guardian.Refusals;

/// <summary>Kinds of refusal, by what the caller can do about it. Each host translates a kind once, as the remarks of each value
/// say.</summary>
public enum RefusalKind
{
    /// <summary>The input is malformed. Fix it and send it again.</summary>
    /// <remarks>HTTP 400; exit code 2.</remarks>
    Invalid,

    /// <summary>Evidence, a signature or a policy was checked and did not hold.</summary>
    /// <remarks>HTTP 403; exit code 1.</remarks>
    Unverified,

    /// <summary>The caller may not do this here.</summary>
    /// <remarks>HTTP 403; exit code 1.</remarks>
    Forbidden,

    /// <summary>The named thing does not exist, or the caller may not know that it does.</summary>
    /// <remarks>HTTP 404; exit code 1.</remarks>
    NotFound,

    /// <summary>The request does not fit the current state: the name is taken, or something must come first.</summary>
    /// <remarks>HTTP 409; exit code 1.</remarks>
    Conflict,

    /// <summary>A privacy rule withholds the answer.</summary>
    /// <remarks>HTTP 422; exit code 1.</remarks>
    Withheld,

    /// <summary>Stored data is not what was written: it was changed, exchanged or rolled back.</summary>
    /// <remarks>HTTP 500; exit code 3.</remarks>
    Damaged,

    /// <summary>A service is unreachable or overloaded. The same request may succeed later.</summary>
    /// <remarks>HTTP 503; exit code 3.</remarks>
    Unavailable,
}
