namespace Guardian.Documents;

/// <summary>One mistake in a document that a person wrote.</summary>
/// <param name="Line">Line of the wrong text, from 1.</param>
/// <param name="Column">Column of the wrong text, from 1.</param>
/// <param name="Message">The mistake and how to fix it, lower case, without full stop.</param>
public sealed record DocumentProblem(int Line, int Column, string Message)
{
    /// <returns><c>line:column: message</c>, as compilers write it.</returns>
    public override string ToString() => $"{Line}:{Column}: {Message}";
}
