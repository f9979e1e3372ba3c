using System.CommandLine;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Guardian.Cli.Commands.Native;
using Guardian.Cli.Failures;
using Guardian.Cli.Inputs;
using Guardian.Cli.Installation;
using Guardian.Cli.Output;
using Guardian.Files.Durable;
using Guardian.Files.Native;
using Guardian.Refusals;
using Guardian.Wasi;
using Guardian.Wasi.Engine;
using Guardian.Wasi.Host;
using Guardian.Wasi.Streams;

namespace Guardian.Cli.Commands.Programs;

/// <summary><c>guardian run</c>.</summary>
/// <remarks>The program's exit status is the command's, so the command's own failures have numbers that programs avoid, like those of other
/// runners.</remarks>
internal sealed class RunCommand : Command
{
    private const int OwnFailure = GuestOutcome.OwnFailure;
    private const int NoProgram = 126;

    /// <summary>Lists the command among others. <see cref="Run"/> does the work before the other commands cost time.</summary>
    public RunCommand() : base(
        "run", "Run a WebAssembly program (WASI preview 1), attested, or plainly for development; or a packed native program.")
    {
        TreatUnmatchedTokensAsErrors = false;
        SetAction(arguments => Run([.. arguments.UnmatchedTokens]));
    }

    /// <summary>Runs a program.</summary>
    /// <param name="given">The words after <c>run</c>.</param>
    /// <returns>The program's exit status, or one of this command's own.</returns>
    public static int Run(ReadOnlySpan<string> given)
    {
        // A malformed command line may still ask for JSON.
        var isJson = given.Contains("--json");
        try
        {
            var arguments = RunArguments.Parse(given);
            isJson = arguments.IsJson;
            if (arguments.IsHelp)
            {
                Console.WriteLine(RunHelp.Text);
                return ExitCode.Done;
            }
            if (arguments.IsNative)
            {
                return NativeRun.Run(
                    arguments.Program, arguments.Cas, arguments.CasWait, arguments.Replica, arguments.StartToken, arguments.Arguments);
            }
            return arguments.HasNoAttestation ? RunInsecurely(arguments) : AttestedRun.Run(arguments);
        }
        catch (Exception failure) when (FailureTranslation.ToRefusal(failure) is { } refusal)
        {
            return Report(refusal, OwnFailure, isJson);
        }
    }

    private static int RunInsecurely(RunArguments arguments)
    {
        var image = arguments.IsImage ? ImageLayout.Read(arguments.Program) : null;
        var wasm = image?.Program ?? InputFile.ReadBytes(arguments.Program);
        if (WasiProgram.FindRefusal(wasm) is { } problem)
        {
            return Report(problem with { Detail = $"{arguments.Program} cannot run: {problem.Detail}" }, NoProgram, arguments.IsJson);
        }
        using var engine = new WasmEngine(countsFuel: arguments.MaxInstructions is not null);
        var loaded = Load(engine, wasm);
        using var module = loaded.Value;
        if (module is null)
        {
            var refusal = loaded.Refusal! with { Detail =
                $"{arguments.Program} is not a WebAssembly module that Guardian runs: {loaded.Refusal.Detail}" };
            return Report(refusal, NoProgram, arguments.IsJson);
        }
        using var directories = new OpenedDirectories(arguments, image?.Files ?? []);
        using var host = new WasiHost(new WasiOptions
        {
            Arguments = [Path.GetFileName(Path.TrimEndingDirectorySeparator(arguments.Program)), .. arguments.Arguments],
            Environment = arguments.Environment,
            StandardStreams = [HostStream.Standard(0), HostStream.Standard(1), HostStream.Standard(2)],
            Directories = directories.Preopens,
            Listeners = [.. arguments.Listeners.Select(Listen)],
        });
        var limits = new GuestLimits { Fuel = arguments.MaxInstructions, MemorySize = arguments.MaxMemory };
        // A volume must be closed when the program is ended, so that all its writes are kept, and an image's files are deleted. Plain
        // directories need no such care. The kernel ends the first process of a container only by signals that it handles.
        using var signals = arguments.Volumes.Any() || image is not null || Environment.ProcessId == 1 ? new EndingSignals() : null;
        var outcome = Guest.Run(engine, module, host, limits, signals?.Token ?? CancellationToken.None);
        return outcome.End switch
        {
            GuestEnd.Exited => outcome.ExitStatus,
            GuestEnd.Cancelled => signals!.ExitCode,
            _ =>
                Report(Describe(outcome, arguments.Program), outcome.End == GuestEnd.HostFailed
                    ? OwnFailure
                    : outcome.ExitStatus, arguments.IsJson),
        };
    }

    private static Refusal Describe(GuestOutcome outcome, string program) => outcome.End switch
    {
        GuestEnd.Trapped => CliReasons.Trap.Because("the program trapped") with
        {
            Problems = [.. outcome.Message.Split('\n', StringSplitOptions.RemoveEmptyEntries)
                .Where(line => !line.StartsWith("note:", StringComparison.Ordinal))],
        },
        GuestEnd.NotStarted => CliReasons.NotAProgram.Because($"{program} cannot be run: {outcome.Message}"),
        GuestEnd.HostFailed => CliReasons.HostCall.Because($"a call of the program failed: {outcome.Message}"),
        _ => CliReasons.Limit.Because(outcome.Message),
    };

    private static Outcome<WasmModule> Load(WasmEngine engine, byte[] wasm)
    {
        byte[] key;
        try
        {
            DurableFile.CreateDirectory(UserFolders.State);
            key = DurableFile.ReadOrCreate(
                Path.Combine(UserFolders.State, "module.key"), () => RandomNumberGenerator.GetBytes(ModuleCache.KeySize));
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            // Nothing can be kept here, so each start compiles.
            return engine.Compile(wasm);
        }
        return new ModuleCache(Path.Combine(UserFolders.State, "modules"), key).Load(engine, wasm);
    }

    private static HostListener Listen(IPEndPoint address)
    {
        try
        {
            var listener = HostListener.Listen(address);
            if (address.Port == 0)
            {
                Console.Error.WriteLine($"guardian: listening on {listener.Address}");
            }
            return listener;
        }
        catch (SocketException failure)
        {
            throw new RefusedException(CliReasons.CannotListen.Because($"cannot listen on {address}: {failure.SocketErrorCode}"), failure);
        }
    }

    // Only to standard error: standard output is the program's.
    private static int Report(Refusal refusal, int exitCode, bool isJson)
    {
        if (isJson)
        {
            Console.Error.WriteLine(FailureResult.ToJson(refusal));
        }
        else
        {
            FailureResult.WriteText(Console.Error, refusal);
        }
        return exitCode;
    }
}
