using System.CommandLine;
using Guardian.Cli.Inputs;
using Guardian.Cli.Output;
using Guardian.Volumes.Contract;

namespace Guardian.Cli.Commands.Volumes;

/// <summary><c>guardian volume put</c>.</summary>
internal sealed class VolumePutCommand : CliCommand
{
    private readonly VolumeArguments shared = new();
    private readonly Argument<string> source = new("SOURCE") { Description = "A file or folder of this machine." };
    private readonly Argument<string?> target = new("TARGET")
    {
        Description = "Its path in the volume. Without it, its own name in the root.",
        Arity = ArgumentArity.ZeroOrOne,
    };

    public VolumePutCommand() : base(
        "put", "Copy a file, or a folder with all its content, into a volume: all of it, or nothing if it is interrupted.") =>
        AddSymbols([.. shared.All, source, target]);

    protected override Task<int> RunAsync(ParseResult arguments, Terminal terminal, CancellationToken cancellation)
    {
        var from = InputFile.Require(arguments.GetRequiredValue(source));
        var to = arguments.GetValue(target) ?? "/" + Path.GetFileName(Path.GetFullPath(from));
        // No timer commits halfway: an interrupted put leaves the volume as it was.
        var options = shared.ReadOptions(arguments) with { CommitInterval = TimeSpan.Zero };
        return shared.UseAsync(arguments, options, volume => terminal.WithProgressAsync(progress =>
        {
            var copy = new VolumeCopy(progress("putting"), cancellation);
            copy.Put(from, volume.Root, to);
            VolumePath.Require(volume.Sync(), to);
            return Task.FromResult(new VolumeCopyResult(to, copy.Files, copy.Bytes).Show(terminal, "put"));
        }));
    }
}
