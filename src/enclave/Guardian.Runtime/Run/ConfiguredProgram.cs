using System.Globalization;
using Guardian.Attestation.Launch;
using Guardian.Cas.Client.Protocol;
using Guardian.Files.Native;
using Guardian.Refusals;
using Guardian.Runtime.Base;
using Guardian.Runtime.Network;
using Guardian.Runtime.Start;
using Guardian.Runtime.Stdio;
using Guardian.Runtime.Storage;
using Guardian.Wasi;
using Guardian.Wasi.Host;
using Guardian.Wasi.Streams;

namespace Guardian.Runtime.Run;

/// <summary>Runs a program as its session configures it.</summary>
internal static class ConfiguredProgram
{
    private const long Mebibyte = 1 << 20;

    /// <summary>Runs the program to its end.</summary>
    /// <remarks>
    /// 1 read the program. 2 attest, say which program it is, get the configuration, and verify that it is for this program. 3 make it
    /// native code, if it is not. 4 open files, streams and ports behind their shields. 5 run. 6 send the rest of the output.
    /// </remarks>
    /// <param name="options">The host's options.</param>
    /// <param name="log">Receives messages for the host, without secrets or data of the program.</param>
    /// <param name="signals">End the program.</param>
    /// <returns>The exit status of this process.</returns>
    /// <exception cref="RefusedException">The program is not run.</exception>
    public static async Task<int> RunAsync(RuntimeOptions options, Action<string> log, EndingSignals signals)
    {
        var cancellation = signals.Token;

        // Step 1: the host brings the program, or this enclave's measurement has it.
        var program = HostedProgram.Load(options);

        // Step 2: nothing runs before the CAS has admitted this runtime, and the session names the digest.
        using var launch = await Launch.StartAsync(
            options, program.Digest, log, cancellation,
            product: program.Compiled is null ? EnclaveProduct.Runtime : EnclaveProduct.CompiledProgram).ConfigureAwait(false);
        if (launch.IsSimulated)
        {
            log("warning: the platform is SIMULATED; it protects nothing from those who run this machine");
        }
        var configuration = launch.Configuration;
        Verify(program.Digest, options, configuration);
        if (options.Arguments.Count > configuration.Host.Arguments)
        {
            log($"warning: the session takes {configuration.Host.Arguments} arguments of the host, and {options.Arguments.Count} were "
                + "given; the rest is ignored ('host: {arguments: NUMBER}' in the session)");
        }

        // Step 3: before anything is open that would have to be closed, because compiling may take minutes, and a signal ends it.
        using var executable = await Executable.PrepareAsync(program, options, launch, cancellation).ConfigureAwait(false);

        // Step 4
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var network = new NetworkShield(launch.Workload);
        await using var _ = network.ConfigureAwait(false);
        launch.RenewWorkload(log);
        using var guestFiles = new GuestFiles(launch, options, program.Files, log);
        using var streams = new StandardStreams(configuration, options.HasBinaryStdio, log, cancellation);
        var connector = new Connector(network, log, ending.Token);
        var preopens = configuration.Network.Connect.Count == 0
            ? guestFiles.Preopens
            :
            [
                .. guestFiles.Preopens,
                new Preopen(NetworkDirectory.GuestPath, NetworkDirectory.Create(configuration.Network.Connect, connector)),
            ];
        GuestOutcome outcome;
        int status;
        using (var host = new WasiHost(new WasiOptions
        {
            Arguments = [.. configuration.Command, .. options.Arguments.Take(configuration.Host.Arguments)],
            Environment = [.. BuildEnvironment(configuration, preopens.Count)],
            StandardStreams = streams.Streams,
            Directories = preopens,
            Listeners = Listen(configuration, network, options),
        }))
        {
            // Step 5
            var limits = new GuestLimits
            {
                MemorySize = configuration.Limits.MemoryMiB is { } size ? Math.Min(size, 4096) * Mebibyte : null,
            };
            using var watch = CpuWatch.Start(configuration.Limits.CpuSeconds, ending);
            outcome = Guest.Run(executable.Engine, executable.Module, host, limits, ending.Token);

            // Step 6: the end frames show a reader of the log that it is complete.
            status = outcome.End == GuestEnd.Cancelled && signals.ExitCode != 0 ? signals.ExitCode : outcome.ExitStatus;
            streams.WriteEnd(status);
        }
        if (outcome.End == GuestEnd.Cancelled && signals.ExitCode != 0)
        {
            log("the program was ended by a signal");
        }
        else if (outcome.End != GuestEnd.Exited)
        {
            var isOutOfTime = outcome.End == GuestEnd.Cancelled;
            log(isOutOfTime
                ? $"error: the program used up its {configuration.Limits.CpuSeconds} s of CPU"
                : $"error: {Describe(outcome, configuration)}");
        }
        return status;
    }

    private static void Verify(string digest, RuntimeOptions options, StartupConfiguration configuration)
    {
        var expected = configuration.Program ?? throw new RefusedException(RuntimeReasons.NoProgram.Because(
            $"the session's service '{configuration.Service}' names no program, so any could get its secrets"));
        if (digest != expected)
        {
            throw new RefusedException(
                RuntimeReasons.WrongProgram.Because(
                    $"the {(options.IsImage || options.Tree is not null ? "image" : "program")} is not the one that the session names") with
                {
                    Problems = [$"found {digest}", $"expected {expected}"],
                });
        }
    }

    // The session names the ports. The variables GUARDIAN_LISTEN_PORT tell the program which descriptor listens on which port.
    private static IEnumerable<string> BuildEnvironment(StartupConfiguration configuration, int directoryCount)
    {
        const int firstDirectory = 3;
        var variables = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var name in configuration.Host.Environment)
        {
            if (Environment.GetEnvironmentVariable(name) is { } value)
            {
                variables[name] = value;
            }
        }
        variables["PWD"] = configuration.Pwd;
        for (var i = 0; i < configuration.Network.Listen.Count; i++)
        {
            var name = string.Create(CultureInfo.InvariantCulture, $"GUARDIAN_LISTEN_{configuration.Network.Listen[i].Port}");
            variables[name] = (firstDirectory + directoryCount + i).ToString(CultureInfo.InvariantCulture);
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
        catch
        {
            listeners.ForEach(listener => listener.Dispose());
            throw;
        }
    }

    // A trap's message may contain names of the program's functions. With encrypted streams the host does not get even these.
    private static string Describe(GuestOutcome outcome, StartupConfiguration configuration) =>
        configuration.Stdio.Key is null ? outcome.Message : $"the program did not end by itself ({outcome.End})";
}
