using System.CommandLine;
using Guardian.Cli.Failures;
using Guardian.Cli.Inputs;
using Guardian.Cli.Output;
using Guardian.Volumes.Contract;

namespace Guardian.Cli.Commands.Volumes;

/// <summary><c>guardian volume rekey</c>.</summary>
internal sealed class VolumeRekeyCommand : CliCommand
{
    private readonly VolumeArguments shared = new();
    private readonly Option<string> newKey = new("--new-key")
    {
        Description = "The new key; made if the file does not exist.",
        Required = true,
        HelpName = "FILE",
    };

    public VolumeRekeyCommand() : base("rekey", "Encrypt everything in a volume again under another key.") =>
        AddSymbols([.. shared.All, newKey]);

    protected override Task<int> RunAsync(ParseResult arguments, Terminal terminal, CancellationToken cancellation)
    {
        var options = shared.ReadOptions(arguments) with { CommitInterval = TimeSpan.Zero };
        return shared.UseAsync(arguments, options, volume => terminal.WithProgressAsync(progress =>
        {
            var path = arguments.GetRequiredValue(newKey);
            using var key = File.Exists(path) ? KeyFile.LoadVolumeKey(path) : VolumeKey.Create();
            // The new key is on disk before any data needs it.
            key.Save(path);
            var rekeying = progress("encrypting");
            volume.Rekey(key, done => rekeying(done, path));
            terminal.Show(new VolumeRekeyResult(path), VolumesJson.Default.VolumeRekeyResult, people => people.WriteLine(
                $"everything is encrypted again; {path} opens the volume now, and the old key does not"));
            return Task.FromResult(ExitCode.Done);
        }));
    }
}

/// <summary>The result of <c>volume rekey</c>.</summary>
/// <param name="Key">The new key's file.</param>
internal sealed record VolumeRekeyResult(string Key);
