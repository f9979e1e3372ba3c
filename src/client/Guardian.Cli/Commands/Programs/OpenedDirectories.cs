using Guardian.Cli.Inputs;
using Guardian.Files;
using Guardian.Files.Host;
using Guardian.Refusals;
using Guardian.Runtime.Images;
using Guardian.Volumes;
using Guardian.Volumes.Contract;
using Guardian.Wasi.Host;

namespace Guardian.Cli.Commands.Programs;

/// <summary>The directories and volumes of a program without attestation, open until it has ended.</summary>
internal sealed class OpenedDirectories : IDisposable
{
    private readonly List<IFileSystem> fileSystems = [];
    private readonly List<Preopen> preopens = [];
    private DirectoryInfo? image;

    /// <param name="arguments">They name the directories and volumes.</param>
    /// <param name="files">The files of the program's image, which it finds under <c>/</c>.</param>
    /// <exception cref="RefusedException">A directory or a volume cannot be opened.</exception>
    /// <exception cref="IOException">The image's files cannot be written.</exception>
    public OpenedDirectories(RunArguments arguments, IReadOnlyList<ImageFile> files)
    {
        try
        {
            if (files.Count > 0)
            {
                image = Unpack(files);
                fileSystems.Add(HostFileSystem.Open(image.FullName));
                preopens.Add(new Preopen("/", fileSystems[0].Root));
            }
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
        image?.Delete(recursive: true);
    }

    private static DirectoryInfo Unpack(IReadOnlyList<ImageFile> files)
    {
        var folder = Directory.CreateTempSubdirectory("guardian-image-");
        try
        {
            foreach (var file in files)
            {
                var path = folder.FullName + file.Path;
                Directory.CreateDirectory(Path.GetDirectoryName(path)!);
                File.WriteAllBytes(path, file.Content);
            }
            return folder;
        }
        catch
        {
            folder.Delete(recursive: true);
            throw;
        }
    }
}
