using System.Text;
using Guardian.Cas.Client.Protocol;
using Guardian.Files;
using Guardian.Refusals;
using Guardian.Runtime.Base;
using Guardian.Runtime.Images;
using Guardian.Runtime.Start;
using Guardian.Volumes;
using Guardian.Volumes.Contract;
using Guardian.Wasi.Host;

namespace Guardian.Runtime.Storage;

/// <summary>
/// The file systems of a program: its volumes, and under <c>/</c> a temporary volume with the files of the image and of the session. The
/// host's disk holds only ciphertext.
/// </summary>
internal sealed class GuestFiles : IDisposable
{
    private readonly List<Volume> volumes = [];
    private readonly List<Preopen> preopens = [];
    private readonly DirectoryInfo scratch;

    /// <exception cref="RefusedException">A volume cannot be opened, or a file cannot be written.</exception>
    public GuestFiles(Launch launch, RuntimeOptions options, IEnumerable<ImageFile> imageFiles, Action<string> onProblem)
    {
        scratch = WritableFolder.Use(
            Path.GetTempPath(), "temporary files", "mount a tmpfs there, or set TMPDIR to a folder that can be written",
            () => Directory.CreateTempSubdirectory("guardian-"));
        try
        {
            var root = OpenScratch(onProblem);
            preopens.Add(new Preopen("/", root.Root));
            foreach (var file in imageFiles)
            {
                WriteFile(root.Root, file.Path, file.Content);
            }
            foreach (var file in launch.Configuration.Files)
            {
                WriteFile(root.Root, file.Path, file.Content);
            }
            foreach (var volume in launch.Configuration.Volumes)
            {
                preopens.Add(new Preopen(volume.Path, Open(volume, launch, options, onProblem).Root));
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
        foreach (var volume in Enumerable.Reverse(volumes))
        {
            volume.Dispose();
        }
        scratch.Delete(recursive: true);
    }

    private Volume OpenScratch(Action<string> onProblem)
    {
        using var key = VolumeKey.Create();
        // Nobody opens this volume again, so only data that does not fit in memory has to be committed.
        var volumeOptions = new VolumeOptions { CommitInterval = TimeSpan.FromMinutes(1), OnProblem = onProblem };
        return Add(() => Volume.Create(Path.Combine(scratch.FullName, "root"), key, volumeOptions));
    }

    private Volume Open(VolumeConfiguration configured, Launch launch, RuntimeOptions options, Action<string> onProblem)
    {
        using var key = new VolumeKey(configured.Key);
        var isEphemeral = configured.Update == VolumeUpdate.Ephemeral;
        var folder = isEphemeral ? Path.Combine(scratch.FullName, configured.Name) : Path.Combine(options.Volumes, configured.Name);
        var volumeOptions = new VolumeOptions
        {
            Freshness = configured.Update is VolumeUpdate.RollbackProtected or VolumeUpdate.Interval
                ? new CasFreshness(launch.Cas, launch.Configuration.Session, configured.Name)
                : null,
            FreshnessMode = configured.Update == VolumeUpdate.Interval ? FreshnessMode.Interval : FreshnessMode.Strict,
            OnProblem = onProblem,
        };
        if (File.Exists(Path.Combine(folder, Volume.ContainerName)))
        {
            return Add(() => UseVolumes(options, () => Volume.Open(folder, key, volumeOptions)));
        }
        if (configured.Tag is not null)
        {
            throw new RefusedException(RuntimeReasons.MissingVolume.Because(
                $"the volume '{configured.Name}' was written before, but is not in {options.Volumes}"));
        }
        var volume = Add(() => UseVolumes(options, () => Volume.Create(folder, key, volumeOptions)));
        foreach (var region in configured.Regions)
        {
            CreateRegion(volume, region);
        }
        return volume;
    }

    private static Volume UseVolumes(RuntimeOptions options, Func<Volume> open) => WritableFolder.Use(
        options.Volumes, "volumes", "name one that can be written, such as a mounted one: --volumes DIR or GUARDIAN_VOLUMES", open);

    // Everything below a folder gets the folder's protection, so a region's folder must exist before its files.
    private static void CreateRegion(Volume volume, VolumeRegion region)
    {
        var name = SplitPath(region.Path) is [var only]
            ? only
            : throw Refuse($"a region is a folder in the root of its volume, which '{region.Path}' is not");
        ThrowIfError(region.Path, volume.CreateRegion(name, region.Protection switch
        {
            VolumeProtection.Plain => Protection.Plain,
            VolumeProtection.Authenticated => Protection.Authenticated,
            _ => Protection.Encrypted,
        }));
    }

    private static void WriteFile(IDirectory root, string path, ReadOnlySpan<byte> content)
    {
        var parts = SplitPath(path) is { Length: > 0 } names ? names : throw Refuse("'/' is a folder, not a file");
        var directory = root;
        foreach (var name in parts[..^1])
        {
            directory = OpenOrCreate(directory, name);
        }
        directory.RemoveFile(parts[^1]);
        ThrowIfError(path, directory.CreateFile(parts[^1], out var file));
        using (file)
        {
            while (!content.IsEmpty)
            {
                ThrowIfError(path, file!.Append(content, out var written, out _));
                content = content[written..];
            }
        }
    }

    private static IDirectory OpenOrCreate(IDirectory directory, string name)
    {
        var error = directory.Open(name, FileOpenMode.Read, out var node);
        if (error == FileError.NoEntry)
        {
            ThrowIfError(name, directory.CreateDirectory(name));
            error = directory.Open(name, FileOpenMode.Read, out node);
        }
        ThrowIfError(name, error);
        return node as IDirectory ?? throw Refuse($"'{name}' is a file and a folder at once");
    }

    private static string[] SplitPath(string path) => path.Split('/', StringSplitOptions.RemoveEmptyEntries);

    private static void ThrowIfError(string path, FileError error)
    {
        if (error != FileError.Success)
        {
            throw Refuse($"'{path}' cannot be created: {error}");
        }
    }

    private static RefusedException Refuse(string detail) => new(RuntimeReasons.BadConfiguration.Because(detail));

    private Volume Add(Func<Volume> open)
    {
        try
        {
            volumes.Add(open());
            return volumes[^1];
        }
        catch (RefusedException failure) when (failure.Refusal.Reason == VolumeReasons.RolledBack)
        {
            const string remedy = "the session's tag names the newest state; bring that one back";
            throw new RefusedException(failure.Refusal with { Remedy = remedy }, failure);
        }
    }
}
