using Guardian.Cli.Inputs;
using Guardian.Files;
using Guardian.Files.Host;
using Guardian.Volumes;
using Guardian.Volumes.Contract;
using Guardian.Wasi.Host;

namespace Guardian.Cli.Commands.Programs;

/// <summary>The directories and volumes of a program, open until it has ended.</summary>
internal sealed class OpenedDirectories : IDisposable
{
    private readonly List<IFileSystem> fileSystems = [];
    private readonly List<Preopen> preopens = [];

    public OpenedDirectories(RunArguments arguments)
    {
        try
        {
            foreach (var (hostPath, guestPath) in arguments.Directories)
            {
                var directory = InputFile.Use(hostPath, () => HostFileSystem.Open(hostPath));
                fileSystems.Add(directory);
                preopens.Add(new Preopen(guestPath, directory.Root));
            }
            foreach (var (path, guestPath, keyFile) in arguments.Volumes)
            {
                using var key = KeyFile.LoadVolumeKey(keyFile);
                var volume = Volume.Open(path, key);
                fileSystems.Add(volume);
                preopens.Add(new Preopen(guestPath, volume.Root));
            }
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public IReadOnlyList<Preopen> Preopens => preopens;

    public void Dispose()
    {
        foreach (var fileSystem in fileSystems)
        {
            fileSystem.Dispose();
        }
    }
}
