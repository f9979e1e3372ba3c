using System.Diagnostics;
using System.Runtime.InteropServices;
using Guardian.Cli.Commands;
using Guardian.Runtime.Images;

namespace Guardian.Cli.Run;

/// <summary><c>guardian run --session</c>: starts the program in an enclave, with the streams of this process. What it gets comes from the CAS.</summary>
internal static class AttestedRun
{
    public static int Run(RunArguments arguments)
    {
        var runtime = InstalledProgram.Runtime;
        if (!Directory.Exists(runtime.Directory))
        {
            throw new CliException(RunCommand.OwnFailure, "not-installed", $"{runtime.Name} is not installed at {runtime.Directory}", hint: "install all of Guardian's programs, or build them with ./guardian");
        }
        var start = runtime.HowToStart();
        foreach (var word in Words(arguments))
        {
            start.ArgumentList.Add(word);
        }
        // An interrupt from the terminal reaches the program too, which ends by itself; what others send is passed on.
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, context => context.Cancel = true);
        using var process = Process.Start(start) ?? throw new CliException(RunCommand.OwnFailure, "not-started", $"{runtime.Name} could not be started");
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, context =>
        {
            context.Cancel = true;
            using var _ = Process.Start("kill", ["-TERM", process.Id.ToString(System.Globalization.CultureInfo.InvariantCulture)]);
        });
        process.WaitForExit();
        return process.ExitCode;
    }

    private static IEnumerable<string> Words(RunArguments arguments)
    {
        var (session, cas) = (arguments.Session, arguments.Cas);
        if (arguments.IsImage && (session is null || cas is null))
        {
            var image = ReadImage(arguments.Program);
            (session, cas) = (session ?? image.Session, cas ?? image.Cas);
        }
        yield return "--session";
        yield return session ?? throw Missing("--session SESSION/SERVICE");
        yield return "--cas";
        yield return cas is null ? throw Missing("--cas ADDRESS") : cas.Contains("://", StringComparison.Ordinal) ? cas : $"https://{cas}";
        foreach (var measurement in arguments.CasMeasurements.Count > 0 ? arguments.CasMeasurements : [InstalledProgram.Cas.Measure().ToString()])
        {
            yield return "--cas-mrenclave";
            yield return measurement;
        }
        yield return "--cas-platform";
        yield return arguments.Platform;
        yield return "--machine";
        yield return arguments.Machine ?? Path.Combine(HostOptions.Home, "machine");
        yield return "--collateral";
        yield return CollateralCommands.StorePath(null);
        yield return "--volumes";
        yield return arguments.VolumesFolder ?? Path.Combine(HostOptions.Home, "volumes", session!);
        yield return "--modules";
        yield return Path.Combine(HostOptions.Home, "enclave-modules");
        if (arguments.ListenOn is { } address)
        {
            yield return "--listen-on";
            yield return address;
        }
        yield return arguments.IsImage ? "--image" : "--program";
        yield return arguments.Program;
        yield return "--";
        foreach (var argument in arguments.Arguments)
        {
            yield return argument;
        }
    }

    private static OciImage ReadImage(string layout)
    {
        var image = OciImage.Read(layout);
        return image.Value
            ?? throw new CliException(RunCommand.OwnFailure, image.Refusal!.Code, image.Refusal.Detail, hint: image.Refusal.Remedy);
    }

    private static CliException Missing(string option) => new(
        RunCommand.OwnFailure, "not-attested", $"nothing is run without configuration from a CAS: {option} is missing",
        hint: "to try a program out without protection, add --insecure-no-attestation");
}
