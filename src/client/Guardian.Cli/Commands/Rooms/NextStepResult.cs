using Guardian.Cli.Failures;
using Guardian.Cli.Output;

namespace Guardian.Cli.Commands.Rooms;

/// <summary>The result of a command that writes a file, with the step that follows.</summary>
internal sealed record NextStepResult(string File, string Next)
{
    public int Show(Terminal terminal)
    {
        terminal.Show(this, RoomsJson.Default.NextStepResult, people =>
        {
            people.WriteLine($"{File} is written");
            people.WriteLine(Next);
        });
        return ExitCode.Done;
    }
}
