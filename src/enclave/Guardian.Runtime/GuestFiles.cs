using System.Text;
using Guardian.Cas.Client.Protocol;
using Guardian.Files;
using Guardian.Runtime.Images;
using Guardian.Volumes;
using Guardian.Volumes.Format;
using Guardian.Volumes.Freshness;
using Guardian.Wasi;

namespace Guardian.Runtime;

/// <summary>
/// The file systems of a program: its volumes, and under <c>/</c> a volume of this run alone, with the image's and the session's files in it. On the host's disk
/// there is ciphertext.
/// </summary>
internal sealed class GuestFiles : IDisposable
{
    private readonly List<IDisposable> open = [];
    private readonly List<Preopen> preopens = [];
    private readonly DirectoryInfo scratch;

    /// <exception cref="RuntimeException">A volume cannot be opened, or a file does not fit.</exception>
    public GuestFiles(Launch launch, RuntimeOptions options, IEnumerable<ImageFile> imageFiles, Action<string> onProblem)
    {
        scratch = Directory.CreateTempSubdirectory("guardian-");
        try
        {
            var root = OpenScratch(onProblem);
            preopens.Add(new Preopen("/", root.Root));
            foreach (var file in imageFiles)
            {
                Put(root.Root, file.Path, file.Content);
            }
            foreach (var file in launch.Configuration.Files)
            {
                Put(root.Root, file.Path, file.Content);
            }
            foreach (var volume in launch.Configuration.Volumes)
            {
                preopens.Add(new Preopen(volume.Path, Open(volume, launch, options, onProblem).Root));
            }
        }
        catch (VolumeException failure)
        {
            Dispose();
            throw new RuntimeException(failure.Message, failure.Failure == VolumeFailure.RolledBack ? "the session's tag names the newest state; bring that one back" : null);
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
        foreach (var each in Enumerable.Reverse(open))
        {
            each.Dispose();
        }
        scratch.Delete(recursive: true);
    }

    private Volume OpenScratch(Action<string> onProblem)
    {
        using var key = VolumeKey.Create();
        // Nobody opens it again, so nothing has to be committed but what does not fit in memory.
        return Keep(Volume.Create(Path.Combine(scratch.FullName, "root"), key, new VolumeOptions { CommitInterval = TimeSpan.FromMinutes(1), OnProblem = onProblem }));
    }

    private Volume Open(VolumeConfiguration configured, Launch launch, RuntimeOptions options, Action<string> onProblem)
    {
        using var key = new VolumeKey(configured.Key);
        var isEphemeral = configured.Update == VolumeUpdate.Ephemeral;
        var folder = isEphemeral ? Path.Combine(scratch.FullName, configured.Name) : Path.Combine(options.Volumes, configured.Name);
        var volumeOptions = new VolumeOptions
        {
            Freshness = configured.Update is VolumeUpdate.RollbackProtected or VolumeUpdate.Interval ? new CasFreshness(launch.Cas, launch.Configuration.Session, configured.Name) : null,
            FreshnessMode = configured.Update == VolumeUpdate.Interval ? FreshnessMode.Interval : FreshnessMode.Strict,
            OnProblem = onProblem,
        };
        if (File.Exists(Path.Combine(folder, Volume.ContainerName)))
        {
            return Keep(Volume.Open(folder, key, volumeOptions));
        }
        if (configured.Tag is not null)
        {
            throw new RuntimeException($"the volume '{configured.Name}' has been written before, but is not in {options.Volumes}", "bring it back, or start where it is");
        }
        var volume = Keep(Volume.Create(folder, key, volumeOptions));
        foreach (var region in configured.Regions)
        {
            Protect(volume, region);
        }
        return volume;
    }

    // What is made below a folder has the folder's protection, so a region's folder is there from the beginning.
    private static void Protect(Volume volume, VolumeRegion region)
    {
        var name = Parts(region.Path) is [var only] ? only : throw new RuntimeException($"a region is a folder in the root of its volume, which '{region.Path}' is not");
        Check(region.Path, volume.CreateRegion(name, region.Protection switch
        {
            VolumeProtection.Plain => Protection.Plain,
            VolumeProtection.Authenticated => Protection.Authenticated,
            _ => Protection.Encrypted,
        }));
    }

    private static void Put(IDirectory root, string path, ReadOnlySpan<byte> content)
    {
        var parts = Parts(path);
        var directory = root;
        foreach (var name in parts[..^1])
        {
            directory = Enter(directory, name);
        }
        directory.RemoveFile(parts[^1]);
        Check(path, directory.CreateFile(parts[^1], out var file));
        using (file)
        {
            while (!content.IsEmpty)
            {
                Check(path, file!.Append(content, out var written, out _));
                content = content[written..];
            }
        }
    }

    private static IDirectory Enter(IDirectory directory, string name)
    {
        var error = directory.Open(name, FileOpenMode.Read, out var node);
        if (error == FileError.NoEntry)
        {
            Check(name, directory.CreateDirectory(name));
            error = directory.Open(name, FileOpenMode.Read, out node);
        }
        Check(name, error);
        return node as IDirectory ?? throw new RuntimeException($"'{name}' is a file and a folder at once");
    }

    private static string[] Parts(string path) => path.Split('/', StringSplitOptions.RemoveEmptyEntries);

    private static void Check(string path, FileError error)
    {
        if (error != FileError.Success)
        {
            throw new RuntimeException($"'{path}' cannot be made: {error}");
        }
    }

    private Volume Keep(Volume volume)
    {
        open.Add(volume);
        return volume;
    }
}
