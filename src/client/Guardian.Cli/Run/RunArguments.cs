using System.Globalization;
using System.Net;

namespace Guardian.Cli.Run;

/// <summary>
/// The command line of <c>guardian run</c>. It is read by hand: what follows the program is the program's, also where it looks like an option, and a start has no
/// time to spare for more.
/// </summary>
internal sealed record RunArguments
{
    /// <summary>Shown by <c>guardian run --help</c>.</summary>
    public const string Help = """
        Description:
          Run a WebAssembly program (WASI preview 1). What follows the program is passed to it untouched; its exit status is this command's.

        Usage:
          guardian run --session SESSION/SERVICE --cas ADDRESS [options] program.wasm [arguments]...
          guardian run --oci LAYOUTDIR [options] [arguments]...
          guardian run --insecure-no-attestation [options] program.wasm [arguments]...

        Attested: the enclave gets everything from the CAS, or nothing runs.
          --session SESSION/SERVICE       The session and service; with --oci, the image may name it.
          --cas ADDRESS                   The CAS, host:port; with --oci, the image may name it.
          --oci LAYOUTDIR                 The program and its files are an OCI image layout (guardian image pack).
          --volumes DIR                   Where the session's volumes are kept, encrypted.
          --cas-mrenclave HEX             Accepted MRENCLAVE of the CAS; that of the guardian-cas installed here without it. May be repeated.
          --platform hardware|simulated   Accepted platform of the CAS; hardware without it.
          --machine DIR                   Folder of the simulated machine's identity; unused on SGX hardware.
          --listen-on ADDRESS             Where the session's ports listen; 0.0.0.0 without it.

        Development:
          --insecure-no-attestation       Run without attestation, and without secrets from a CAS: for development. Nothing protects the program from this machine.
          --dir HOSTDIR[::GUESTDIR]       Give the program a plain directory of this machine, under its own name or another. May be repeated, as the others below.
          --volume VOLUMEDIR::GUESTDIR    Give it an encrypted volume.
          --volume-key FILE               The key of the volume named before.
          --env NAME=VALUE                Set a variable. Nothing of this machine's environment is passed otherwise.
          --listen HOST:PORT              Give it a listening socket; port 0 takes a free one.
          --max-memory MIB                Memory that it can grow to; 4096 without it.
          --max-instructions COUNT        Instructions that it may execute, about.
          --json                          Report errors of this command as one line of JSON on standard error. The program's output is left alone.
          -h, --help                      Show this help.

        Exit status:
          the program's own; 125 when it could not be run, 126 when the file is no program, 134 when it trapped, 137 when it used up what it may spend
        """;

    public bool IsHelp { get; private init; }

    public bool IsJson { get; private init; }

    public bool HasNoAttestation { get; private init; }

    public IReadOnlyList<(string HostPath, string GuestPath)> Directories { get; private init; } = [];

    public IReadOnlyList<(string Path, string GuestPath, string KeyFile)> Volumes { get; private init; } = [];

    public IReadOnlyList<string> Environment { get; private init; } = [];

    public IReadOnlyList<IPEndPoint> Listeners { get; private init; } = [];

    public string? Session { get; private init; }

    public string? Cas { get; private init; }

    public IReadOnlyList<string> CasMeasurements { get; private init; } = [];

    public string Platform { get; private init; } = "hardware";

    public string? Machine { get; private init; }

    public string? VolumesFolder { get; private init; }

    public string? ListenOn { get; private init; }

    /// <summary>Whether <see cref="Program"/> is an image layout.</summary>
    public bool IsImage { get; private init; }

    public long? MaxMemory { get; private init; }

    public ulong? MaxInstructions { get; private init; }

    public string Program { get; private init; } = "";

    /// <summary>The program's own arguments.</summary>
    public IReadOnlyList<string> Arguments { get; private init; } = [];

    /// <exception cref="CliException">It is no command line of this command.</exception>
    public static RunArguments Parse(ReadOnlySpan<string> given)
    {
        var (isJson, isInsecure) = (false, false);
        List<(string, string)> directories = [];
        List<(string Path, string GuestPath, string? KeyFile)> volumes = [];
        List<string> environment = [];
        List<IPEndPoint> listeners = [];
        List<string> measurements = [];
        var attested = new Dictionary<string, string>();
        long? maxMemory = null;
        ulong? maxInstructions = null;
        var next = 0;
        while (next < given.Length && given[next].Length > 1 && given[next][0] == '-')
        {
            var option = given[next++];
            if (option == "--")
            {
                break;
            }
            string? attached = null;
            if (option.IndexOf('=', StringComparison.Ordinal) is var equals and > 0)
            {
                (option, attached) = (option[..equals], option[(equals + 1)..]);
            }
            switch (option)
            {
                case "-h" or "--help" or "-?":
                    return new RunArguments { IsHelp = true };
                case "--json" when attached is null:
                    isJson = true;
                    continue;
                case "--insecure-no-attestation" when attached is null:
                    isInsecure = true;
                    continue;
            }
            var value = attached ?? (next < given.Length ? given[next++] : throw Wrong($"{option} needs a value"));
            switch (option)
            {
                case "--dir":
                    directories.Add(Mapping(option, value, isPlain: true));
                    break;
                case "--volume":
                    var (path, guestPath) = Mapping(option, value, isPlain: false);
                    volumes.Add((path, guestPath, null));
                    break;
                case "--volume-key":
                    var last = volumes.Count - 1;
                    volumes[last >= 0 && volumes[last].KeyFile is null ? last : throw Wrong("--volume-key follows the --volume that it is for")] = volumes[last] with { KeyFile = value };
                    break;
                case "--env":
                    environment.Add(value.IndexOf('=', StringComparison.Ordinal) > 0 ? value : throw Wrong($"--env takes NAME=VALUE, not '{value}'"));
                    break;
                case "--listen":
                    listeners.Add(IPEndPoint.TryParse(value, out var address) && value.Contains(':', StringComparison.Ordinal) ? address : throw Wrong($"--listen takes an address and a port, not '{value}'"));
                    break;
                case "--session" or "--cas" or "--oci" or "--volumes" or "--platform" or "--machine" or "--listen-on":
                    attested[option] = value;
                    break;
                case "--cas-mrenclave":
                    measurements.Add(value);
                    break;
                case "--max-memory":
                    const long mebibyte = 1 << 20;
                    maxMemory = long.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var size) && size is > 0 and <= 4096 ? size * mebibyte : throw Wrong("--max-memory takes a number of MiB from 1 to 4096");
                    break;
                case "--max-instructions":
                    maxInstructions = ulong.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var count) ? count : throw Wrong("--max-instructions takes a number");
                    break;
                default:
                    throw Wrong($"there is no option {option}");
            }
        }
        var layout = attested.GetValueOrDefault("--oci");
        if (layout is null && next >= given.Length)
        {
            throw Wrong("no program is named");
        }
        var platform = attested.GetValueOrDefault("--platform") ?? "hardware";
        if (platform is not ("hardware" or "simulated"))
        {
            throw Wrong($"--platform is hardware or simulated, not '{platform}'");
        }
        if (isInsecure ? attested.Count + measurements.Count > 0 : directories.Count + volumes.Count + environment.Count + listeners.Count > 0)
        {
            throw Wrong(isInsecure
                ? $"{(attested.Count > 0 ? attested.Keys.First() : "--cas-mrenclave")} and --insecure-no-attestation exclude each other"
                : "--dir, --volume, --env and --listen are for --insecure-no-attestation: an attested program gets these from its session");
        }
        return new RunArguments
        {
            IsJson = isJson,
            HasNoAttestation = isInsecure,
            Directories = directories,
            Volumes = volumes.ConvertAll(volume => (volume.Path, volume.GuestPath, volume.KeyFile ?? throw Wrong($"the volume {volume.Path} has no --volume-key"))),
            Environment = environment,
            Listeners = listeners,
            MaxMemory = maxMemory,
            MaxInstructions = maxInstructions,
            Session = attested.GetValueOrDefault("--session"),
            Cas = attested.GetValueOrDefault("--cas"),
            CasMeasurements = measurements,
            Platform = platform,
            Machine = attested.GetValueOrDefault("--machine"),
            VolumesFolder = attested.GetValueOrDefault("--volumes"),
            ListenOn = attested.GetValueOrDefault("--listen-on"),
            IsImage = layout is not null,
            Program = layout ?? given[next],
            Arguments = given[(layout is null ? next + 1 : next)..].ToArray(),
        };
    }

    private static (string, string) Mapping(string option, string value, bool isPlain)
    {
        var separator = value.IndexOf("::", StringComparison.Ordinal);
        return separator > 0 && separator + 2 < value.Length ? (value[..separator], value[(separator + 2)..])
            : separator < 0 && isPlain && value.Length > 0 ? (value, value)
            : throw Wrong($"{option} takes {(isPlain ? "HOSTDIR::GUESTDIR or HOSTDIR" : "VOLUMEDIR::GUESTDIR")}, not '{value}'");
    }

    private static CliException Wrong(string message) => new(RunCommand.OwnFailure, "usage", message, hint: "add --help to see what the command takes");
}
