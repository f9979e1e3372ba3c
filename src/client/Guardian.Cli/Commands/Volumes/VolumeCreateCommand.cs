using System.CommandLine;
using Guardian.Cli.Failures;
using Guardian.Cli.Inputs;
using Guardian.Cli.Output;
using Guardian.Volumes;
using Guardian.Volumes.Contract;

namespace Guardian.Cli.Commands.Volumes;

/// <summary><c>guardian volume create</c>.</summary>
internal sealed class VolumeCreateCommand : LocalCommand
{
    private readonly VolumeArguments shared = new();
    private readonly Option<string[]> authenticated = new("--authenticated")
    {
        Description = "A directory in the root whose files everybody can read and nobody can change unnoticed; repeatable.",
        HelpName = "NAME",
    };
    private readonly Option<string[]> plain = new("--plain")
    {
        Description = "A directory in the root whose files are not protected at all; repeatable.",
        HelpName = "NAME",
    };

    public VolumeCreateCommand() : base("create", "Make an empty volume, and its key if the key's file does not exist.") =>
        AddSymbols([.. shared.All, authenticated, plain]);

    protected override int Run(ParseResult arguments, Terminal terminal)
    {
        var folder = arguments.GetRequiredValue(shared.Folder);
        OutputFile.RequireNew(Path.Combine(folder, Volume.ContainerName));
        var keyFile = arguments.GetRequiredValue(shared.Key);
        var isNewKey = !File.Exists(keyFile);
        using var key = isNewKey ? VolumeKey.Create() : KeyFile.LoadVolumeKey(keyFile);
        if (isNewKey)
        {
            key.Save(keyFile);
        }
        using var volume = Volume.Create(folder, key, shared.ReadOptions(arguments));
        foreach (var (names, protection) in new[] { (arguments.GetValue(authenticated), Protection.Authenticated),
            (arguments.GetValue(plain), Protection.Plain) })
        {
            foreach (var name in names ?? [])
            {
                VolumePath.Require(volume.CreateRegion(name.Trim('/'), protection), name);
            }
        }
        VolumePath.Require(volume.Sync(), folder);
        terminal.Show(
            new VolumeCreateResult(folder, keyFile, isNewKey), VolumesJson.Default.VolumeCreateResult, people => people.WriteLine(isNewKey
            ? $"made the volume {folder} and its key {keyFile}: without the key nobody can read it, you included"
            : $"made the volume {folder} with the key {keyFile}"));
        return ExitCode.Done;
    }
}

/// <summary>The result of <c>volume create</c>.</summary>
/// <param name="Volume">The volume's folder.</param>
/// <param name="Key">The key's file.</param>
internal sealed record VolumeCreateResult(string Volume, string Key, bool KeyCreated);
