using Guardian.Refusals;

namespace Guardian.Runtime.Base;

/// <summary>The reasons for which the runtime refuses to run a program.</summary>
public static class RuntimeReasons
{
    /// <summary>The command line is wrong.</summary>
    public static readonly RefusalReason BadOptions = new(
        "bad-options", RefusalKind.Invalid,
        "An option of guardian-runtime is unknown, missing or malformed.",
        "start it with 'guardian run', which passes the right options");

    /// <summary>The image cannot be used.</summary>
    public static readonly RefusalReason BadImage = new(
        "bad-image", RefusalKind.Unverified,
        "The OCI image layout is malformed, too large, or one of its blobs does not match its digest.",
        "make one with 'guardian image pack'");

    /// <summary>The session's service has no program.</summary>
    public static readonly RefusalReason NoProgram = new(
        "no-program", RefusalKind.Invalid,
        "The session's service names no program, so any program could get its secrets.",
        "add 'program: SHA-256' of the module, or of the image, to the service");

    /// <summary>The host brought another program.</summary>
    public static readonly RefusalReason WrongProgram = new(
        "wrong-program", RefusalKind.Unverified,
        "The program or image differs from the one that the session names.",
        "run that one, or update the session's 'program'");

    /// <summary>Another service is at the other end.</summary>
    public static readonly RefusalReason WrongPeer = new(
        "wrong-peer", RefusalKind.Unverified,
        "The other end of an attested connection is not a service that the session accepts as peer.",
        "name its session and service as peer in the session");

    /// <summary>The startup configuration cannot be used.</summary>
    public static readonly RefusalReason BadConfiguration = new(
        "bad-configuration", RefusalKind.Invalid,
        "The startup configuration from the CAS has a part that the runtime cannot use: a certificate, a peer, a region or a file.",
        "correct the session");

    /// <summary>A volume is not where it should be.</summary>
    public static readonly RefusalReason MissingVolume = new(
        "missing-volume", RefusalKind.NotFound,
        "A volume was written before, but its files are not in the folder of volumes.",
        "bring them back, or start the program where they are");

    /// <summary>The CAS did not admit the runtime.</summary>
    public static readonly RefusalReason NotAdmitted = new(
        "not-admitted", RefusalKind.Unverified,
        "The CAS did not admit the runtime, or the runtime did not trust the CAS.");

    /// <summary>The CAS does not answer.</summary>
    public static readonly RefusalReason NoCas = new(
        "no-cas", RefusalKind.Unavailable,
        "The CAS did not answer within the time that the start waits for it.",
        "check its address and that it runs; --cas-wait SECONDS or GUARDIAN_CAS_WAIT changes the time");

    /// <summary>A folder cannot be used.</summary>
    public static readonly RefusalReason NoFolder = new(
        "no-folder", RefusalKind.Unavailable,
        "The runtime cannot write to a folder that it needs, for example because the container's root is read-only.");

    /// <summary>A port is taken.</summary>
    public static readonly RefusalReason BusyPort = new(
        "busy-port", RefusalKind.Unavailable,
        "The runtime cannot listen on a port that the session names.");
}
