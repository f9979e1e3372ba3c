using System.CommandLine;
using Guardian.Volumes;
using Guardian.Volumes.Contract;

namespace Guardian.Cli.Volumes;

/// <summary>What every <c>guardian volume</c> command takes.</summary>
internal sealed class VolumeArguments
{
    public Argument<string> Volume { get; } = new("VOLUME") { Description = "The volume's folder." };

    public Option<string> Key { get; } = new("--key") { Description = "The volume's key: 64 hexadecimal digits, or 32 bytes.", Required = true, HelpName = "FILE" };

    private Option<string> Freshness { get; } = new("--freshness")
    {
        Description = "Keeps the freshness tag, so that an older copy of the volume is refused. Put it where the keeper of the volume cannot write.",
        HelpName = "FILE",
    };

    public void AddTo(Command command)
    {
        command.Arguments.Add(Volume);
        command.Options.Add(Key);
        command.Options.Add(Freshness);
    }

    public VolumeOptions Options(ParseResult arguments) =>
        new() { Freshness = arguments.GetValue(Freshness) is { } path ? new FileFreshness(path) : null };

    /// <summary>Opens the volume, works with it and closes it.</summary>
    public async Task<int> WithVolumeAsync(ParseResult arguments, VolumeOptions options, Func<Volume, Task<int>> work)
    {
        using var key = VolumeKey.Load(arguments.GetRequiredValue(Key));
        using var volume = Guardian.Volumes.Volume.Open(arguments.GetRequiredValue(Volume), key, options);
        return await work(volume).ConfigureAwait(false);
    }
}
