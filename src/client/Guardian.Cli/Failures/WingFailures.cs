using Guardian.Attestation.RaTls;
using Guardian.Cas.Client;
using Guardian.CleanRoom.Client;
using Guardian.Node.Libvirt;
using Guardian.OpenStack;
using Guardian.Refusals;
using Guardian.Volumes;

namespace Guardian.Cli.Failures;

/// <summary>Turns the exceptions of libraries that do not refuse yet into refusals.</summary>
internal static class WingFailures
{
    public static Refusal? ToRefusal(Exception failure) => failure switch
    {
        CasException cas => Make(
            cas.Failure switch
            {
                CasFailure.Unreachable or CasFailure.Busy or CasFailure.Damaged => RefusalKind.Unavailable,
                CasFailure.Invalid => RefusalKind.Invalid,
                _ => RefusalKind.Unverified,
            },
            cas.Failure.ToString(), cas, cas.Problems, cas.Failure == CasFailure.NotTrusted ? TrustHint(cas.InnerException) : null),
        RoomException room => Make(
            room.Failure == RoomFailure.Unreachable ? RefusalKind.Unavailable : RefusalKind.Unverified,
            room.Reason, room, Checks(room.InnerException), room.Failure == RoomFailure.NotTrusted ? TrustHint(room.InnerException) : null),
        VolumeException volume => Make(
            volume.Failure switch
            {
                VolumeFailure.NotAVolume or VolumeFailure.Exists => RefusalKind.Invalid,
                VolumeFailure.InUse or VolumeFailure.Unreachable or VolumeFailure.Stopped => RefusalKind.Unavailable,
                _ => RefusalKind.Unverified,
            },
            volume.Failure.ToString(), volume, [], VolumeHint(volume.Failure)),
        PreparationException preparation => Make(RefusalKind.Invalid, "bad-data", preparation, preparation.Problems, null),
        OpenStackException cloud => Make(
            cloud.Failure switch
            {
                OpenStackFailure.Settings => RefusalKind.Invalid,
                OpenStackFailure.Unreachable or OpenStackFailure.BadAnswer => RefusalKind.Unavailable,
                _ => RefusalKind.Unverified,
            },
            cloud.Failure.ToString(), cloud, [], null),
        LibvirtException libvirt => Make(
            libvirt.Failure == LibvirtFailure.Refused ? RefusalKind.Unverified : RefusalKind.Unavailable,
            "libvirt", libvirt, [], "run this as root on a compute host; node.yaml's relay: upstream: names libvirt's socket"),
        _ => null,
    };

    private static Refusal Make(RefusalKind kind, string code, Exception failure, IReadOnlyList<string> problems, string? remedy) =>
        new(new RefusalReason(code, kind, ""), failure.Message) { Remedy = remedy, Problems = problems };

    private static IReadOnlyList<string> Checks(Exception? failure) => failure is AttestationException { Appraisal: { } appraisal }
        ? [.. appraisal.Checks.Where(check => !check.Passed).Select(check => check.ToString())]
        : [];

    private static string? VolumeHint(VolumeFailure failure) => failure switch
    {
        VolumeFailure.Damaged => "guardian volume check says which files are affected",
        VolumeFailure.RolledBack => "restore the newest copy of the volume; if you mean to go back, give another --freshness file",
        VolumeFailure.InUse => "end the other process first; the lock goes with it, however it ends",
        _ => null,
    };

    private static string? TrustHint(Exception? failure) =>
        failure is AttestationException { Appraisal: { } appraisal } && appraisal.Checks.Any(check => check is { Passed: false, Rule: "platform" })
            ? "a simulated platform protects nothing; accept it with --platform simulated only to try things out"
            : "nothing was sent; ask the operator which code runs there, and compare its measurement with yours: guardian enclave measure";
}
