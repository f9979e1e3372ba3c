using Guardian.Attestation.Launch;
using Guardian.Cas.Client.Protocol;
using Guardian.Files.Native;
using Guardian.Refusals;
using Guardian.Runtime.Base;
using Guardian.Runtime.Start;

namespace Guardian.Premain;

/// <summary>Becomes the program that the session configures.</summary>
internal static class NativeStart
{
    private static readonly TimeSpan[] RetryDelays =
        [TimeSpan.FromMilliseconds(100), TimeSpan.FromMilliseconds(500), TimeSpan.FromSeconds(2)];

    /// <summary>Starts the program, which replaces this one in the same enclave.</summary>
    /// <remarks>
    /// 1 attest, and get the configuration. 2 check that all of it can be kept. 3 volumes. 4 files. 5 become the program.
    /// </remarks>
    /// <exception cref="RefusedException">The program is not started.</exception>
    /// <exception cref="IOException">The program cannot be started.</exception>
    /// <returns>Never: the program has this process's exit status.</returns>
    public static async Task<int> RunAsync(PremainOptions options, Action<string> log, CancellationToken cancellation)
    {
        // Step 1
        using var launch = await Launch.StartAsync(
            options.Start, null, log, cancellation, PremainPaths.Enclave, EnclaveProduct.Premain).ConfigureAwait(false);
        if (launch.IsSimulated)
        {
            log("warning: the platform is SIMULATED; it protects nothing from those who run this machine");
        }
        var configuration = launch.Configuration;

        // Step 2
        Check(options, configuration);

        // Step 3
        foreach (var volume in configuration.Volumes)
        {
            var name = BaseName(volume);
            await new MountedVolume(name, volume.Path, PremainPaths.SpareOf(name), SetKey)
                .OpenAsync(volume, (tag, expected, next) => MoveAsync(launch, tag, expected, next)).ConfigureAwait(false);
        }

        // Step 4
        foreach (var file in configuration.Files)
        {
            Write(file);
        }

        // Step 5
        Directory.SetCurrentDirectory(configuration.Pwd);
        throw ProcessImage.Replace(
            options.Entry,
            [.. configuration.Command, .. options.Start.Arguments.Take(configuration.Host.Arguments)],
            BuildEnvironment(configuration, PremainOptions.ReadVariables()));
    }

    /// <summary>Refuses what a native program would not get, so that nobody relies on it.</summary>
    internal static void Check(PremainOptions options, StartupConfiguration configuration)
    {
        if (configuration.Program is not null)
        {
            throw Refuse("the service names a 'program', which is a WebAssembly module; a native program is part of the measurement",
                "remove 'program' from the service");
        }
        if (configuration.Network is not { Listen: [], Connect: [] })
        {
            throw Refuse("the service has 'network', and a native program opens its ports and connections itself",
                "remove 'network', and give the program its certificate and key as files");
        }
        if (configuration.Stdio.Key is not null)
        {
            throw Refuse("the service has 'stdio', and the streams of a native program leave as it writes them", "remove 'stdio'");
        }
        if (configuration.Limits is not { CpuSeconds: null, MemoryMiB: null })
        {
            throw Refuse("the service has 'limits', and a native program has those of its manifest", "remove 'limits'");
        }
        foreach (var volume in configuration.Volumes)
        {
            if (options.Volumes.GetValueOrDefault(BaseName(volume)) != volume.Path)
            {
                throw Refuse($"the manifest does not mount the volume '{BaseName(volume)}' at {volume.Path}",
                    $"pack the program with --volume {BaseName(volume)}={volume.Path}");
            }
        }
        if (options.Volumes.Keys.Except(configuration.Volumes.Select(BaseName)).FirstOrDefault() is { } missing)
        {
            throw Refuse(
                $"the manifest mounts the volume '{missing}', which the service does not have", "add it to the service's 'volumes'");
        }
        foreach (var file in configuration.Files)
        {
            if (!options.MemoryFolders.Any(folder => file.Path.StartsWith(folder + "/", StringComparison.Ordinal)))
            {
                throw Refuse($"the file {file.Path} is in none of the folders in memory: {string.Join(", ", options.MemoryFolders)}",
                    $"pack the program with --memory {Path.GetDirectoryName(file.Path)}");
            }
        }
    }

    /// <summary>The variables of the program: those of the session, and those of the host that the session admits.</summary>
    internal static IEnumerable<string> BuildEnvironment(
        StartupConfiguration configuration, IReadOnlyDictionary<string, string> host)
    {
        var variables = new SortedDictionary<string, string>(StringComparer.Ordinal) { ["PWD"] = configuration.Pwd };
        foreach (var name in configuration.Host.Environment)
        {
            if (host.GetValueOrDefault(name) is { } value)
            {
                variables[name] = value;
            }
        }
        foreach (var (name, value) in configuration.Environment)
        {
            variables[name] = value;
        }
        return variables.Select(variable => $"{variable.Key}={variable.Value}");
    }

    private static void Write(InjectedFile file)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(file.Path)!);
        File.WriteAllBytes(file.Path, file.Content);
        File.SetUnixFileMode(file.Path, (UnixFileMode)file.Mode);
    }

    // The name of a replica's volume ends with its number; the mount is the same.
    private static string BaseName(VolumeConfiguration volume) => volume.Name.Split('.')[0];

    private static void SetKey(string name, byte[] key) => File.WriteAllBytes(Path.Combine(PremainPaths.Keys, name), key);

    // If an answer is lost, the tag may have moved; it has no other value that this start knows.
    private static async Task<bool> MoveAsync(Launch launch, string tag, ReadOnlyMemory<byte>? expected, ReadOnlyMemory<byte> next)
    {
        for (var i = 0; ; i++)
        {
            try
            {
                var outcome = await launch.Cas.SetTagAsync(launch.Configuration.Session, tag, expected, next).ConfigureAwait(false);
                return outcome.Moved || (outcome.Tag is { } now && next.Span.SequenceEqual(now));
            }
            catch (RefusedException failure) when (failure.IsTransient && i < RetryDelays.Length)
            {
                await Task.Delay(RetryDelays[i]).ConfigureAwait(false);
            }
        }
    }

    private static RefusedException Refuse(string detail, string remedy) =>
        new(RuntimeReasons.BadConfiguration.Because(detail) with { Remedy = remedy });
}
