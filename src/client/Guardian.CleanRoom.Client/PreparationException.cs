namespace Guardian.CleanRoom.Client;

/// <summary>A partner's file cannot be prepared; nothing was sent.</summary>
public sealed class PreparationException : Exception
{
    /// <param name="message">What is wrong and how to mend it.</param>
    /// <param name="problems">One line for each place, with row and column.</param>
    public PreparationException(string message, IReadOnlyList<string>? problems = null) : base(message) => Problems = problems ?? [];

    /// <summary>One line for each place.</summary>
    public IReadOnlyList<string> Problems { get; }
}
