namespace Guardian.Runtime.Base;

/// <summary>A program is not run; the message is for people, lower case, no full stop, without secrets.</summary>
public sealed class RuntimeException : Exception
{
    /// <param name="message">What happened.</param>
    /// <param name="hint">How to mend it.</param>
    /// <param name="details">A line for each problem.</param>
    public RuntimeException(string message, string? hint = null, IReadOnlyList<string>? details = null) : base(message)
    {
        Hint = hint;
        Details = details ?? [];
    }

    /// <summary>How to mend it.</summary>
    public string? Hint { get; }

    /// <summary>A line for each problem.</summary>
    public IReadOnlyList<string> Details { get; }
}
