using System.Diagnostics;
using System.Runtime.InteropServices;
using Guardian.Cli.Failures;
using Guardian.Cli.Installation;
using Guardian.Cli.Options;
using Guardian.Files.Native;
using Guardian.Refusals;
using Guardian.Runtime.Images;

namespace Guardian.Cli.Commands.Programs;

/// <summary>Starts a program in an enclave, with the streams of this process. Everything else comes from the CAS.</summary>
internal static class AttestedRun
{
    /// <summary>Runs the program to its end.</summary>
    /// <returns>Its exit status.</returns>
    /// <exception cref="RefusedException">The program cannot be started.</exception>
    public static int Run(RunArguments arguments)
    {
        var runtime = InstalledProgram.Runtime;
        runtime.RequireInstalled();
        var start = runtime.CreateStartInfo();
        foreach (var word in BuildCommandLine(arguments))
        {
            start.ArgumentList.Add(word);
        }
        // The terminal sends its interrupt to the program too, which ends by itself. Signals of other processes are forwarded.
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, context => context.Cancel = true);
        using var process = Process.Start(start) ?? throw CliReasons.NotStarted.Refuse($"{runtime.Name} could not be started");
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, context =>
        {
            context.Cancel = true;
            _ = Libc.Kill(process.Id, Libc.Terminate);
        });
        process.WaitForExit();
        return process.ExitCode;
    }

    private static IEnumerable<string> BuildCommandLine(RunArguments arguments)
    {
        var (session, cas) = (arguments.Session, arguments.Cas);
        if (arguments.IsImage && (session is null || cas is null))
        {
            var image = ImageLayout.Read(arguments.Program);
            (session, cas) = (session ?? image.Session, cas ?? image.Cas);
        }
        session ??= RequireOption("--session SESSION/SERVICE");
        // An image names the CAS of its publisher; the user's default is for programs that name none.
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
            "--machine", arguments.Machine ?? UserFolders.Machine,
            "--collateral", UserFolders.Collateral,
            "--volumes", arguments.VolumesFolder ?? Path.Combine(UserFolders.State, "volumes", session),
            "--modules", Path.Combine(UserFolders.State, "enclave-modules"),
            // Kubernetes gives a pod of a StatefulSet its number as a variable.
            .. (arguments.Replica ?? Environment.GetEnvironmentVariable("GUARDIAN_REPLICA")) is { Length: > 0 } replica
                ? ["--replica", replica]
                : Array.Empty<string>(),
            // 'guardian attach' sets the variable for the command that it runs.
            .. Environment.GetEnvironmentVariable(AttachedProcess.FormVariable) == AttachedProcess.BinaryForm
                ? ["--stdio", "binary"]
                : Array.Empty<string>(),
            .. arguments.StartToken is { } token ? ["--start-token", token] : Array.Empty<string>(),
            .. arguments.ListenOn is { } listenOn ? ["--listen-on", listenOn] : Array.Empty<string>(),
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
