using System.CommandLine;
using Guardian.Cli.Inputs;
using Guardian.Cli.Output;

namespace Guardian.Cli.Commands.Volumes;

/// <summary><c>guardian volume get</c>.</summary>
internal sealed class VolumeGetCommand : CliCommand
{
    private readonly VolumeArguments shared = new();
    private readonly Argument<string> source = new("SOURCE") { Description = "A path in the volume." };
    private readonly Argument<string?> target = new("TARGET")
    {
        Description = "Its path on this machine. Without it, its own name in the current folder.",
        Arity = ArgumentArity.ZeroOrOne,
    };

    public VolumeGetCommand() : base("get", "Copy a file, or a directory with all its content, out of a volume.") =>
        AddSymbols([.. shared.All, source, target]);

    protected override Task<int> RunAsync(ParseResult arguments, Terminal terminal, CancellationToken cancellation)
    {
        var from = arguments.GetRequiredValue(source);
        var to = arguments.GetValue(target) ?? (from.TrimEnd('/').Split('/')[^1] is { Length: > 0 } name ? name : "volume");
        OutputFile.RequireNew(to);
        return shared.UseAsync(
            arguments, shared.ReadOptions(arguments) with { ReadOnly = true }, volume => terminal.WithProgressAsync(progress =>
        {
            var copy = new VolumeCopy(progress("getting"), cancellation);
            copy.Get(volume.Root, from, to);
            return Task.FromResult(new VolumeCopyResult(to, copy.Files, copy.Bytes).Show(terminal, "got"));
        }));
    }
}
