using System.Globalization;
using System.Net.Sockets;
using System.Security.Cryptography;
using Guardian.Cas.Client.Protocol;
using Guardian.Runtime.Images;
using Guardian.Runtime.Network;
using Guardian.Runtime.Stdio;
using Guardian.Wasi;
using Guardian.Wasi.Streams;

namespace Guardian.Runtime;

/// <summary>Runs a program as its session configures it.</summary>
public static class ConfiguredProgram
{
    private const long Mebibyte = 1 << 20;

    /// <summary>Runs it to its end.</summary>
    /// <remarks>1 attest and get the configuration. 2 check the program. 3 open files, streams and ports behind their shields. 4 run. 5 let everything leave.</remarks>
    /// <param name="options">What the host says.</param>
    /// <param name="say">Gets what the host may read: no secret, and nothing of the program's own.</param>
    /// <param name="cancellation">Ends the program.</param>
    /// <returns>The exit status to pass on.</returns>
    /// <exception cref="RuntimeException">It is not run.</exception>
    public static async Task<int> RunAsync(RuntimeOptions options, Action<string> say, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(say);

        // Step 1: nothing runs before the CAS has said what.
        using var launch = await Launch.StartAsync(options, cancellation).ConfigureAwait(false);
        if (launch.IsSimulated)
        {
            say("warning: the platform is SIMULATED; it protects nothing from whoever runs this machine");
        }
        var configuration = launch.Configuration;

        // Step 2: the host brings the program; the session says which.
        var (program, files) = Load(options, configuration);

        // Step 3
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var network = new NetworkShield(launch.Identity);
        await using var _ = network.ConfigureAwait(false);
        using var guestFiles = new GuestFiles(launch, options, files, say);
        using var streams = new StandardStreams(configuration, say);
        var connector = new Connector(network, say, ending.Token);
        var preopens = configuration.Network.Connect.Count == 0
            ? guestFiles.Preopens
            : [.. guestFiles.Preopens, new Preopen(NetworkDirectory.GuestPath, NetworkDirectory.Create(configuration.Network.Connect, connector))];
        using var engine = new WasmEngine(fitsEnclave: true);
        using var module = Compile(engine, program, options, launch);
        GuestOutcome outcome;
        using (var host = new WasiHost(new WasiOptions
        {
            Arguments = [.. configuration.Command, .. options.Arguments.Take(configuration.Host.Arguments)],
            Environment = [.. Environment(configuration, preopens.Count)],
            StandardStreams = streams.Streams,
            Directories = preopens,
            Listeners = Listen(configuration, network, options),
        }))
        {
            // Step 4
            var limits = configuration.Limits.MemoryMiB is { } size ? new GuestLimits { MemorySize = Math.Min(size, 4096) * Mebibyte } : new GuestLimits();
            using var watch = CpuWatch.Start(configuration.Limits.CpuSeconds, ending);
            outcome = Guest.Run(engine, module, host, limits, ending.Token);

            // Step 5: the end frames tell a reader of the log that it is complete.
            streams.Finish(outcome.ExitStatus);
        }
        if (outcome.End != GuestEnd.Exited)
        {
            say($"error: {(outcome.End == GuestEnd.Cancelled && !cancellation.IsCancellationRequested ? $"the program used up its {configuration.Limits.CpuSeconds} s of CPU" : Describe(outcome, configuration))}");
        }
        return outcome.ExitStatus;
    }

    private static (byte[] Program, IReadOnlyList<ImageFile> Files) Load(RuntimeOptions options, StartupConfiguration configuration)
    {
        var expected = configuration.Program ?? throw new RuntimeException(
            $"the session's service '{configuration.Service}' names no program, so any could get its secrets", "add 'program: SHA-256' of the module, or of the image, to the service");
        if (options.IsImage)
        {
            var image = OciImage.Read(options.Program);
            return image.Digest == expected ? (image.Program, image.Files) : throw Wrong("image", image.Digest, expected);
        }
        var module = File.ReadAllBytes(options.Program);
        var digest = Convert.ToHexStringLower(SHA256.HashData(module));
        return digest == expected ? (module, []) : throw Wrong("program", digest, expected);
    }

    private static RuntimeException Wrong(string kind, string found, string expected) => new(
        $"the {kind} is not the one that the session names", $"run that one, or update the session's 'program'", [$"found {found}", $"expected {expected}"]);

    private static WasmModule Compile(WasmEngine engine, byte[] program, RuntimeOptions options, Launch launch)
    {
        try
        {
            if (options.Modules is null)
            {
                return engine.Compile(program);
            }
            Span<byte> key = stackalloc byte[ModuleCache.KeySize];
            launch.DeriveModuleKey(key);
            return new ModuleCache(options.Modules, key).Load(engine, program);
        }
        catch (InvalidDataException failure)
        {
            throw new RuntimeException($"the program is not a WebAssembly module: {failure.Message}");
        }
    }

    // The program's port numbers are in the session; which descriptor listens on which, it learns here.
    private static IEnumerable<string> Environment(StartupConfiguration configuration, int directories)
    {
        const int firstDirectory = 3;
        var variables = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var name in configuration.Host.Environment)
        {
            if (System.Environment.GetEnvironmentVariable(name) is { } value)
            {
                variables[name] = value;
            }
        }
        variables["PWD"] = configuration.Pwd;
        for (var i = 0; i < configuration.Network.Listen.Count; i++)
        {
            variables[string.Create(CultureInfo.InvariantCulture, $"GUARDIAN_LISTEN_{configuration.Network.Listen[i].Port}")] = (firstDirectory + directories + i).ToString(CultureInfo.InvariantCulture);
        }
        foreach (var (name, value) in configuration.Environment)
        {
            variables[name] = value;
        }
        return variables.Select(variable => $"{variable.Key}={variable.Value}");
    }

    private static List<IGuestListener> Listen(StartupConfiguration configuration, NetworkShield network, RuntimeOptions options)
    {
        var listeners = new List<IGuestListener>();
        try
        {
            foreach (var listen in configuration.Network.Listen)
            {
                listeners.Add(new ShieldedListener(network, listen, options.ListenOn));
            }
            return listeners;
        }
        catch (Exception failure)
        {
            listeners.ForEach(listener => listener.Dispose());
            throw failure is SocketException socket ? new RuntimeException($"a port cannot be listened on: {socket.Message}") : failure;
        }
    }

    // What a trap says may hold names of the program's own functions, no more; where the streams are encrypted not even that.
    private static string Describe(GuestOutcome outcome, StartupConfiguration configuration) =>
        configuration.Stdio.Key is null ? outcome.Message : $"the program did not end by itself ({outcome.End})";
}
