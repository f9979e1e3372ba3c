namespace Guardian.Cli;

/// <summary>What a command's end means to a script.</summary>
internal static class ExitCode
{
    /// <summary>Done, verified, allowed.</summary>
    public const int Done = 0;

    /// <summary>Refused, or not verified.</summary>
    public const int Refused = 1;

    /// <summary>Wrong usage, or an input file that is wrong.</summary>
    public const int Usage = 2;

    /// <summary>The world failed: network, disk, another program.</summary>
    public const int World = 3;
}

/// <summary>Ends the command with a message for people.</summary>
internal sealed class CliException : Exception
{
    /// <param name="exitCode">One of <see cref="Cli.ExitCode"/>.</param>
    /// <param name="reason">Stable word for programs, shown with <c>--json</c>.</param>
    /// <param name="message">What happened, lower case, no full stop.</param>
    /// <param name="details">More lines, such as one for each problem of a document.</param>
    /// <param name="hint">How to mend it.</param>
    public CliException(int exitCode, string reason, string message, IReadOnlyList<string>? details = null, string? hint = null) : base(message)
    {
        ExitCode = exitCode;
        Reason = reason;
        Details = details ?? [];
        Hint = hint;
    }

    public int ExitCode { get; }

    public string Reason { get; }

    public IReadOnlyList<string> Details { get; }

    public string? Hint { get; }
}
