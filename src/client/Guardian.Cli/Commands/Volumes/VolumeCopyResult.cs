using Guardian.Cli.Failures;
using Guardian.Cli.Output;

namespace Guardian.Cli.Commands.Volumes;

/// <summary>The result of <c>volume put</c> and <c>volume get</c>.</summary>
internal sealed record VolumeCopyResult(string Target, long Files, long Bytes)
{
    /// <summary>Shows the result.</summary>
    /// <param name="verb">The first word: <c>put</c> or <c>got</c>.</param>
    public int Show(Terminal terminal, string verb)
    {
        terminal.Show(this, VolumesJson.Default.VolumeCopyResult, people => people.WriteLine(
            $"{verb} {Format.Printable(Target)}: {Format.Number(Files)} files, {Format.Number(Bytes)} bytes"));
        return ExitCode.Done;
    }
}
