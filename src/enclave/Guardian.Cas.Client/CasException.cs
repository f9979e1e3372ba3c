namespace Guardian.Cas.Client;

/// <summary>Why a CAS did not do what was asked.</summary>
public enum CasFailure
{
    /// <summary>No answer, or the connection broke: try again.</summary>
    Unreachable,

    /// <summary>The CAS's evidence did not verify, or the policy refuses it. Nothing was sent.</summary>
    NotTrusted,

    /// <summary>The caller's quote does not satisfy the session.</summary>
    Denied,

    /// <summary>No such session or service, or it is not the caller's.</summary>
    NotFound,

    /// <summary>The name is taken, or the predecessor is not the current hash.</summary>
    Conflict,

    /// <summary>What was sent is wrong.</summary>
    Invalid,

    /// <summary>The CAS has more to do than it can, or its database cannot be used now; a change may have happened or not.</summary>
    Busy,

    /// <summary>What the CAS keeps was changed or damaged outside it.</summary>
    Damaged,
}

/// <summary>The CAS refused or could not be reached.</summary>
public sealed class CasException : Exception
{
    /// <param name="problems">One line for each rule that failed, or each mistake of a document.</param>
    public CasException(CasFailure failure, string message, IReadOnlyList<string> problems, Exception? inner = null) : base(message, inner)
    {
        Failure = failure;
        Problems = problems;
    }

    /// <summary>Why.</summary>
    public CasFailure Failure { get; }

    /// <summary>One line for each rule that failed, or each mistake of a document.</summary>
    public IReadOnlyList<string> Problems { get; }

    /// <summary>Whether the same call may succeed later.</summary>
    public bool IsTransient => Failure is CasFailure.Unreachable or CasFailure.Busy;
}
