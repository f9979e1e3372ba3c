namespace Guardian.Cli.Commands;

/// <summary>The result of a command that writes one file.</summary>
internal sealed record FileResult(string File);
