using System.Net;

namespace Guardian.OpenStack;

/// <summary>Why a cloud did not do what was asked.</summary>
public enum OpenStackFailure
{
    /// <summary>The settings do not say enough to reach a cloud.</summary>
    Settings,

    /// <summary>No answer, or the service is out of order: try again later.</summary>
    Unreachable,

    /// <summary>Keystone does not accept the credentials.</summary>
    Unauthorized,

    /// <summary>The user may not do this.</summary>
    Forbidden,

    /// <summary>There is no such thing.</summary>
    NotFound,

    /// <summary>Somebody else changed it meanwhile, or it is there already or in use.</summary>
    Conflict,

    /// <summary>The service does not take the request.</summary>
    Refused,

    /// <summary>The answer is not what the service's documentation says.</summary>
    BadAnswer,
}

/// <summary>A cloud refused or could not be reached. Messages never contain credentials.</summary>
public sealed class OpenStackException : Exception
{
    /// <param name="message">What happened, lower case, without full stop.</param>
    public OpenStackException(OpenStackFailure failure, string message, Exception? inner = null, HttpStatusCode? status = null) : base(message, inner)
    {
        Failure = failure;
        Status = status;
    }

    /// <summary>Why.</summary>
    public OpenStackFailure Failure { get; }

    /// <summary>The answer's status, when there was an answer.</summary>
    public HttpStatusCode? Status { get; }

    /// <summary>Whether the same call may succeed later.</summary>
    public bool IsTransient => Failure is OpenStackFailure.Unreachable or OpenStackFailure.Conflict;
}
