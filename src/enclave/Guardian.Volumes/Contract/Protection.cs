namespace Guardian.Volumes.Contract;

/// <summary>How the content of the files below a directory is protected from the keeper of the container. Names and structure are always
/// encrypted.</summary>
public enum Protection : byte
{
    /// <summary>The host cannot read the content, and every change is detected.</summary>
    Encrypted = 1,

    /// <summary>The host can read the content; every change is detected.</summary>
    Authenticated = 2,

    /// <summary>The host can read the content and change it unnoticed.</summary>
    Plain = 3,
}
