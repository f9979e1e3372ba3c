using System.Globalization;
using Guardian.Cli.Failures;
using Guardian.Cli.Inputs;
using Guardian.Cli.Installation;
using Guardian.Cli.Options;
using Guardian.Files.Native;
using Guardian.Refusals;
using Guardian.Runtime.Images;

namespace Guardian.Cli.Commands.Programs;

/// <summary>Starts a program in an enclave, with the streams of this process. Everything else comes from the CAS.</summary>
internal static class AttestedRun
{
    private const long Mebibyte = 1 << 20;

    // Measured: the smallest limits of a container in which the runtime starts a small program.
    private const int NativeMebibytes = 96;
    private const int ManagedMebibytes = 128;

    /// <summary>Becomes the runtime, which has this process's number, streams and signals from then on.</summary>
    /// <returns>The exit status, if a signal came before.</returns>
    /// <exception cref="RefusedException">The program cannot be started.</exception>
    public static int Run(RunArguments arguments)
    {
        // Elsewhere the default action ends this process or the runtime that it becomes, and no signal is lost between the two.
        using var signals = Environment.ProcessId == 1 ? new EndingSignals() : null;
        if (signals is not null)
        {
            EndingSignals.Hold();
        }
        var runtime = FindRuntime(arguments);
        var start = runtime.CreateStartInfo();
        RequireMemory(runtime.IsNative ? NativeMebibytes : ManagedMebibytes);
        string[] words = [start.FileName, .. start.ArgumentList, .. BuildCommandLine(arguments)];
        var environment = start.Environment.Select(variable => $"{variable.Key}={variable.Value}").ToList();
        if (signals is { ExitCode: not 0 })
        {
            return signals.ExitCode;
        }
        throw ProcessImage.Replace(start.FileName, words, environment);
    }

    // A compiled program comes with its runtime.
    private static InstalledProgram FindRuntime(RunArguments arguments)
    {
        if (!arguments.IsImage && arguments.Tree is null && Directory.Exists(arguments.Program))
        {
            CompiledFolder.Require(arguments.Program);
            return InstalledProgram.RuntimeIn(arguments.Program);
        }
        InstalledProgram.Runtime.RequireInstalled();
        return InstalledProgram.Runtime;
    }

    // Below, the system ends the runtime without a word, or .NET ends it with the status of a program that trapped.
    private static void RequireMemory(int least)
    {
        if (ContainerMemory.Limit is { } limit && limit < least * Mebibyte)
        {
            throw CliReasons.NoMemory.Refuse(string.Create(
                CultureInfo.InvariantCulture,
                $"the limit of this container is {limit / Mebibyte} MiB of memory, and the runtime needs at least {least} MiB"));
        }
    }

    private static IEnumerable<string> BuildCommandLine(RunArguments arguments)
    {
        var (session, cas) = (arguments.Session, arguments.Cas);
        // A container's variable is for this container, and precedes the CAS that the image's publisher named.
        var mayNameCas = cas is null && UserDefaults.Find(UserDefaults.Cas) is null;
        if (arguments.IsImage && (session is null || mayNameCas))
        {
            var image = ImageLayout.Read(arguments.Program);
            (session, cas) = (session ?? image.Session, mayNameCas ? image.Cas : cas);
        }
        session ??= RequireOption("--session SESSION/SERVICE");
        var target = cas is null ? UserDefaults.FindCas() : FindTrusted(cas);
        cas ??= target?.Address.ToString() ?? RequireOption("--cas ADDRESS");
        var measurements = arguments.CasMeasurements.Count > 0 ? arguments.CasMeasurements
            : target?.Trusted?.MrEnclaves ?? [InstalledProgram.Cas.Measure().ToString()];
        var address = target?.Address.ToString() ?? (cas.Contains("://", StringComparison.Ordinal) ? cas : $"https://{cas}");
        return
        [
            "--session", session,
            "--cas", address, .. target?.PinOptions ?? [],
            .. measurements.SelectMany(measurement => new[] { "--cas-mrenclave", measurement }),
            .. (arguments.Platform is { } platform ? [platform] : target?.Trusted?.Platforms ?? [UserDefaults.FindPlatform() ?? "hardware"])
                .SelectMany(accepted => new[] { "--cas-platform", accepted }),
            "--cas-wait", arguments.CasWait.ToString(CultureInfo.InvariantCulture),
            "--machine", arguments.Machine ?? UserFolders.Machine,
            "--collateral", UserFolders.Collateral,
            "--volumes", arguments.VolumesFolder ?? Path.Combine(UserFolders.State, "volumes", session),
            "--modules", arguments.ModulesFolder ?? Path.Combine(UserFolders.State, "enclave-modules"),
            .. arguments.Replica is { } replica ? ["--replica", replica] : Array.Empty<string>(),
            // 'guardian attach' sets the variable for the command that it runs.
            .. Environment.GetEnvironmentVariable(AttachedProcess.FormVariable) == AttachedProcess.BinaryForm
                ? ["--stdio", "binary"]
                : Array.Empty<string>(),
            .. arguments.StartToken is { } token ? ["--start-token", token] : Array.Empty<string>(),
            .. arguments.ListenOn is { } listenOn ? ["--listen-on", listenOn] : Array.Empty<string>(),
            .. arguments.Tree is { } tree ? ["--tree", tree] : Array.Empty<string>(),
            arguments.IsImage ? "--image" : "--program", arguments.Program,
            "--", .. arguments.Arguments,
        ];
    }

    private static CasTarget? FindTrusted(string cas) => !TrustedCas.IsName(cas)
        ? null
        : CasTarget.Find(cas) ?? throw CliReasons.BadTrust.Refuse($"no CAS is trusted as '{cas}', and an address has a port");

    private static string RequireOption(string option) =>
        throw CliReasons.NotAttested.Refuse($"nothing is run without configuration from a CAS: {option} is missing");
}
