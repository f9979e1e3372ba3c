using System.CommandLine;
using Guardian.Cli.Inputs;
using Guardian.Volumes;
using Guardian.Volumes.Contract;

namespace Guardian.Cli.Commands.Volumes;

/// <summary>The arguments of every <c>guardian volume</c> command.</summary>
internal sealed class VolumeArguments
{
    public Argument<string> Folder { get; } = new("VOLUME") { Description = "The volume's folder." };

    public Option<string> Key { get; } = new("--key")
    {
        Description = "The volume's key: 64 hexadecimal digits, or 32 bytes.",
        Required = true,
        HelpName = "FILE",
    };

    private Option<string> Freshness { get; } = new("--freshness")
    {
        Description =
            "Records the freshness tag, so that an older copy of the volume is refused. Put it where the volume's host cannot write.",
        HelpName = "FILE",
    };

    public IReadOnlyList<Symbol> All => [Folder, Key, Freshness];

    /// <summary>Reads the options with which the volume is opened.</summary>
    public VolumeOptions ReadOptions(ParseResult arguments) =>
        new() { Freshness = arguments.GetValue(Freshness) is { } path ? new FileFreshness(path) : null };

    /// <summary>Opens the volume, works with it and closes it.</summary>
    public async Task<int> UseAsync(ParseResult arguments, VolumeOptions options, Func<Volume, Task<int>> work)
    {
        using var key = KeyFile.LoadVolumeKey(arguments.GetRequiredValue(Key));
        using var volume = Volume.Open(arguments.GetRequiredValue(Folder), key, options);
        return await work(volume).ConfigureAwait(false);
    }
}
