using System.CommandLine;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Guardian.Files.Durable;
using Guardian.Refusals;
using Guardian.Wasi;
using Guardian.Wasi.Engine;
using Guardian.Wasi.Host;
using Guardian.Wasi.Streams;

namespace Guardian.Cli.Run;

/// <summary><c>guardian run</c>: runs a WASI program.</summary>
/// <remarks>The program's exit status is the command's, so its own failures have numbers that programs avoid, as those of other runners do.</remarks>
internal static class RunCommand
{
    /// <summary>The program was not run.</summary>
    public const int OwnFailure = GuestOutcome.OwnFailure;

    private const int NoProgram = 126;

    /// <summary>For the list of commands; <see cref="Run"/> does the work, before other commands cost time.</summary>
    public static Command Create()
    {
        var run = new Command("run", "Run a WebAssembly program (WASI preview 1) with plain or encrypted directories.") { TreatUnmatchedTokensAsErrors = false };
        run.SetAction(arguments => Run([.. arguments.UnmatchedTokens]));
        return run;
    }

    public static int Run(ReadOnlySpan<string> given)
    {
        // What is wrong with the command line itself is known only when it is read.
        var isJson = given.Contains("--json");
        try
        {
            var arguments = RunArguments.Parse(given);
            isJson = arguments.IsJson;
            if (arguments.IsHelp)
            {
                Console.WriteLine(RunArguments.Help);
                return ExitCode.Done;
            }
            return Run(arguments);
        }
        catch (CliException failure)
        {
            return Report(failure, isJson);
        }
        catch (RefusedException failure)
        {
            return Report(new CliException(OwnFailure, "volume", failure.Message), isJson);
        }
        catch (Exception failure) when (failure is IOException or InvalidDataException or UnauthorizedAccessException or System.Net.Sockets.SocketException)
        {
            return Report(new CliException(OwnFailure, "io", failure.Message), isJson);
        }
    }

    private static int Run(RunArguments arguments)
    {
        if (!arguments.HasNoAttestation)
        {
            return AttestedRun.Run(arguments);
        }
        var wasm = File.ReadAllBytes(arguments.Program);
        using var engine = new WasmEngine(countsFuel: arguments.MaxInstructions is not null);
        using var module = Load(engine, wasm, arguments.Program);
        using var directories = new OpenedDirectories(arguments);
        using var host = new WasiHost(new WasiOptions
        {
            Arguments = [Path.GetFileName(arguments.Program), .. arguments.Arguments],
            Environment = arguments.Environment,
            StandardStreams = [HostStream.Standard(0), HostStream.Standard(1), HostStream.Standard(2)],
            Directories = directories.Preopens,
            Listeners = [.. arguments.Listeners.Select(Listen)],
        });
        var limits = new GuestLimits { Fuel = arguments.MaxInstructions, MemorySize = arguments.MaxMemory };
        using var signals = arguments.Volumes.Count > 0 ? new EndingSignals() : null;
        var outcome = Guest.Run(engine, module, host, limits, signals?.Token ?? CancellationToken.None);
        return outcome.End switch
        {
            GuestEnd.Exited => outcome.ExitStatus,
            GuestEnd.Trapped => Report(new CliException(outcome.ExitStatus, "trap", "the program trapped", [.. outcome.Message.Split('\n', StringSplitOptions.RemoveEmptyEntries).Where(line => !line.StartsWith("note:", StringComparison.Ordinal))]), arguments.IsJson),
            GuestEnd.NotStarted => Report(new CliException(outcome.ExitStatus, "not-a-program", $"{arguments.Program} cannot be run: {outcome.Message}"), arguments.IsJson),
            GuestEnd.HostFailed => Report(new CliException(OwnFailure, "host-call", $"a call of the program failed: {outcome.Message}"), arguments.IsJson),
            GuestEnd.Cancelled => signals!.ExitCode,
            _ => Report(new CliException(outcome.ExitStatus, "limit", outcome.Message), arguments.IsJson),
        };
    }

    private static WasmModule Load(WasmEngine engine, byte[] wasm, string name)
    {
        DurableFile.CreateDirectory(HostOptions.Home);
        var key = DurableFile.ReadOrCreate(Path.Combine(HostOptions.Home, "module.key"), () => RandomNumberGenerator.GetBytes(ModuleCache.KeySize));
        var module = new ModuleCache(Path.Combine(HostOptions.Home, "modules"), key).Load(engine, wasm);
        return module.Value
            ?? throw new CliException(NoProgram, module.Refusal!.Code, $"{name} is not a WebAssembly module that Guardian runs: {module.Refusal.Detail}", hint: module.Refusal.Remedy);
    }

    private static HostListener Listen(System.Net.IPEndPoint address)
    {
        var listener = HostListener.Listen(address);
        if (address.Port == 0)
        {
            Console.Error.WriteLine($"guardian: listening on {listener.Address}");
        }
        return listener;
    }

    // Only to standard error: standard output is the program's.
    private static int Report(CliException failure, bool isJson)
    {
        if (isJson)
        {
            var details = new JsonArray([.. failure.Details.Select(detail => (JsonNode)detail)]);
            Console.Error.WriteLine(new JsonObject { ["error"] = failure.Reason, ["message"] = failure.Message, ["details"] = details, ["hint"] = failure.Hint }.ToJsonString());
            return failure.ExitCode;
        }
        Console.Error.WriteLine($"guardian: error: {failure.Message}");
        foreach (var detail in failure.Details)
        {
            Console.Error.WriteLine($"  {detail}");
        }
        if (failure.Hint is not null)
        {
            Console.Error.WriteLine($"guardian: hint: {failure.Hint}");
        }
        return failure.ExitCode;
    }

    // A volume is closed in order when the program is ended, so that all that it wrote is kept. Plain directories need no such care.
    private sealed class EndingSignals : IDisposable
    {
        private readonly CancellationTokenSource source = new();
        private readonly List<PosixSignalRegistration> registrations = [];

        public EndingSignals()
        {
            foreach (var (signal, number) in new[] { (PosixSignal.SIGINT, 2), (PosixSignal.SIGTERM, 15) })
            {
                registrations.Add(PosixSignalRegistration.Create(signal, context =>
                {
                    context.Cancel = true;
                    ExitCode = 128 + number;
                    source.Cancel();
                }));
            }
        }

        public CancellationToken Token => source.Token;

        public int ExitCode { get; private set; }

        public void Dispose()
        {
            registrations.ForEach(registration => registration.Dispose());
            source.Dispose();
        }
    }
}
