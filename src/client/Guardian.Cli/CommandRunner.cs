using System.CommandLine;
using Guardian.Cas.Client;
using Guardian.CleanRoom.Client;
using Guardian.Node.Libvirt;
using Guardian.OpenStack;
using Guardian.Refusals;
using Guardian.Volumes;

namespace Guardian.Cli;

/// <summary>Joins a command to its work: gives it the terminal and turns what it throws into message and exit code, once for all.</summary>
internal static class CommandRunner
{
    /// <summary>Makes every command print JSON instead of text.</summary>
    public static Option<bool> JsonOption { get; } = new("--json")
    {
        Description = "Print one line of JSON instead of text.",
        Recursive = true,
    };

    public static void Runs(this Command command, Func<ParseResult, Terminal, CancellationToken, Task<int>> work) =>
        command.SetAction(async (arguments, cancellation) =>
        {
            var terminal = new Terminal(arguments.GetValue(JsonOption), Console.Out, Console.Error);
            try
            {
                return await work(arguments, terminal, cancellation).ConfigureAwait(false);
            }
            catch (CliException failure)
            {
                terminal.Fail(failure);
                return failure.ExitCode;
            }
            catch (Exception failure) when (Translate(failure) is { } known)
            {
                terminal.Fail(known);
                return known.ExitCode;
            }
        });

    /// <summary>A command whose work needs no waiting.</summary>
    public static void Runs(this Command command, Func<ParseResult, Terminal, int> work) =>
        command.Runs((arguments, terminal, _) => Task.FromResult(work(arguments, terminal)));

    private static CliException? Translate(Exception failure) => failure switch
    {
        RefusedException { Refusal: var refusal } => new CliException(ExitOf(refusal.Kind), refusal.Code, refusal.Detail, refusal.Problems, refusal.Remedy),
        CasException cas => new CliException(
            cas.Failure switch
            {
                CasFailure.Unreachable or CasFailure.Busy or CasFailure.Damaged => ExitCode.World,
                CasFailure.Invalid => ExitCode.Usage,
                _ => ExitCode.Refused,
            },
            cas.Failure.ToString(), cas.Message, cas.Problems,
            cas.Failure == CasFailure.NotTrusted ? TrustHint(cas.InnerException) : null),
        RoomException room => new CliException(
            room.Failure == RoomFailure.Unreachable ? ExitCode.World : ExitCode.Refused,
            room.Reason, room.Message, Checks(room.InnerException),
            room.Failure == RoomFailure.NotTrusted ? TrustHint(room.InnerException) : null),
        VolumeException volume => new CliException(
            volume.Failure switch
            {
                VolumeFailure.NotAVolume or VolumeFailure.Exists => ExitCode.Usage,
                VolumeFailure.InUse or VolumeFailure.Unreachable or VolumeFailure.Stopped => ExitCode.World,
                _ => ExitCode.Refused,
            },
            volume.Failure.ToString(), volume.Message, [], VolumeHint(volume.Failure)),
        PreparationException preparation => new CliException(ExitCode.Usage, "bad-data", preparation.Message, preparation.Problems),
        OpenStackException cloud => new CliException(
            cloud.Failure switch
            {
                OpenStackFailure.Settings => ExitCode.Usage,
                OpenStackFailure.Unreachable or OpenStackFailure.BadAnswer => ExitCode.World,
                _ => ExitCode.Refused,
            },
            cloud.Failure.ToString(), cloud.Message),
        LibvirtException libvirt => new CliException(libvirt.Failure == LibvirtFailure.Refused ? ExitCode.Refused : ExitCode.World, "libvirt", libvirt.Message, hint: "run this as root on a compute host; node.yaml's relay: upstream: names libvirt's socket"),
        OperationCanceledException => new CliException(ExitCode.World, "interrupted", "interrupted"),
        InvalidDataException data => new CliException(ExitCode.Usage, "bad-file", data.Message),
        IOException or UnauthorizedAccessException => new CliException(ExitCode.World, "io", failure.Message),
        _ => null,
    };

    private static int ExitOf(RefusalKind kind) => kind switch
    {
        RefusalKind.Invalid => ExitCode.Usage,
        RefusalKind.Damaged or RefusalKind.Unavailable => ExitCode.World,
        _ => ExitCode.Refused,
    };

    /// <summary>One line for each rule of an appraisal that failed.</summary>
    public static IReadOnlyList<string> Checks(Exception? failure) => (failure as RefusedException)?.Refusal.Problems ?? [];

    private static string? VolumeHint(VolumeFailure failure) => failure switch
    {
        VolumeFailure.Damaged => "guardian volume check says which files are affected",
        VolumeFailure.RolledBack => "restore the newest copy of the volume; if you mean to go back, give another --freshness file",
        VolumeFailure.InUse => "end the other process first; the lock goes with it, however it ends",
        _ => null,
    };

    private static string? TrustHint(Exception? failure) => (failure as RefusedException)?.Refusal.Remedy;
}
