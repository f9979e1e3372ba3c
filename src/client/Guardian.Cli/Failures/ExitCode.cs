using Guardian.Refusals;

namespace Guardian.Cli.Failures;

/// <summary>The exit codes of every command except <c>guardian run</c>, which passes on its program's.</summary>
internal static class ExitCode
{
    /// <summary>Done, verified, allowed.</summary>
    public const int Done = 0;

    /// <summary>Refused, or not verified.</summary>
    public const int Refused = 1;

    /// <summary>Wrong usage, or an input file that is malformed.</summary>
    public const int Usage = 2;

    /// <summary>Something outside failed: the network, the disk, a missing file, another program.</summary>
    public const int Failed = 3;

    /// <summary>The exit code of a process that a signal ended, by convention.</summary>
    public static int OfSignal(int signal) => 128 + signal;

    /// <summary>The exit code of a refusal.</summary>
    /// <param name="kind">What the caller can do about it.</param>
    public static int Of(RefusalKind kind) => kind switch
    {
        RefusalKind.Invalid => Usage,
        RefusalKind.Damaged or RefusalKind.Unavailable => Failed,
        _ => Refused,
    };

    /// <summary>The kind of refusal that another Guardian program's exit code stands for.</summary>
    /// <param name="exitCode">The exit code; one that no Guardian program uses counts as a failure.</param>
    public static RefusalKind ToKind(int exitCode) => exitCode switch
    {
        Refused => RefusalKind.Unverified,
        Usage => RefusalKind.Invalid,
        _ => RefusalKind.Unavailable,
    };
}
