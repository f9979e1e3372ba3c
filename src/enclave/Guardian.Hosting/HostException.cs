namespace Guardian.Hosting;

/// <summary>Ends an enclave program with a message for people.</summary>
public sealed class HostException : Exception
{
    /// <param name="exitCode">1 refused, 2 wrong usage, 3 the world failed.</param>
    /// <param name="message">What happened, lower case, without full stop.</param>
    /// <param name="hint">How to mend it.</param>
    /// <param name="details">More lines, one for each problem.</param>
    public HostException(int exitCode, string message, string? hint = null, IReadOnlyList<string>? details = null) : base(message)
    {
        ExitCode = exitCode;
        Hint = hint;
        Details = details ?? [];
    }

    /// <summary>1 refused, 2 wrong usage, 3 the world failed.</summary>
    public int ExitCode { get; }

    /// <summary>How to mend it.</summary>
    public string? Hint { get; }

    /// <summary>More lines.</summary>
    public IReadOnlyList<string> Details { get; }
}
