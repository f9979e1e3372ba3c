using System.Globalization;
using System.Net;
using Guardian.Cli.Failures;
using Guardian.Cli.Inputs;
using Guardian.Refusals;

namespace Guardian.Cli.Commands.Programs;

/// <summary>
/// The command line of <c>guardian run</c>. It is read by hand: everything after the program belongs to the program, also words that
/// look like options, and a start has no time to spare for more.
/// </summary>
internal sealed class RunArguments
{
    private const int MaxMebibytes = 4096;
    private const long Mebibyte = 1 << 20;
    private const int MaxWaitSeconds = 24 * 60 * 60;

    private static readonly string[] Platforms = ["hardware", "simulated"];

    private static readonly Dictionary<string, RunOption> Known = new()
    {
        ["--json"] = RunOption.Flag(run => run.IsJson = true),
        ["--insecure-no-attestation"] = RunOption.Flag(run => run.HasNoAttestation = true),
        ["--session"] = RunOption.Attested((run, value) => run.Session = value),
        ["--cas"] = RunOption.Attested((run, value) => run.Cas = value),
        ["--oci"] = RunOption.Any((run, value) => (run.IsImage, run.Program) = (true, value)),
        ["--native"] = RunOption.Attested((run, value) => (run.IsNative, run.Program) = (true, value)),
        ["--tree"] = RunOption.Attested((run, value) => run.Tree = value),
        ["--volumes"] = RunOption.Attested((run, value) => run.VolumesFolder = value),
        ["--modules"] = RunOption.Attested((run, value) => run.ModulesFolder = value),
        ["--cas-wait"] = RunOption.Attested((run, value) => run.CasWait = ParseWait(value)),
        ["--cas-mrenclave"] = RunOption.Attested((run, value) => run.casMeasurements.Add(value)),
        ["--platform"] = RunOption.Attested((run, value) =>
            run.Platform = Platforms.Contains(value) ? value : throw Misuse($"--platform is hardware or simulated, not '{value}'")),
        ["--machine"] = RunOption.Attested((run, value) => run.Machine = value),
        ["--listen-on"] = RunOption.Attested((run, value) => run.ListenOn = value),
        ["--replica"] = RunOption.Attested((run, value) => run.Replica = ParseReplica(value)),
        ["--start-token"] = RunOption.Attested((run, value) => run.StartToken = value),
        ["--dir"] = RunOption.Insecure((run, value) => run.directories.Add(ParseMapping("--dir", value, isPlain: true))),
        ["--volume"] = RunOption.Insecure((run, value) => run.AddVolume(ParseMapping("--volume", value, isPlain: false))),
        ["--volume-key"] = RunOption.Insecure((run, value) => run.AddVolumeKey(value)),
        ["--env"] = RunOption.Insecure((run, value) =>
            run.environment.Add(
                value.IndexOf('=', StringComparison.Ordinal) > 0 ? value : throw Misuse($"--env takes NAME=VALUE, not '{value}'"))),
        ["--listen"] = RunOption.Insecure((run, value) => run.listeners.Add(ParseListener(value))),
        ["--max-memory"] = RunOption.Any((run, value) => run.MaxMemory = ParseMemory(value)),
        ["--max-instructions"] = RunOption.Any((run, value) => run.MaxInstructions = ParseCount(value)),
    };

    // Options of an attested run that a container may get as variables. 'run' reads the variables of the CAS and the platform where other
    // commands do.
    private static readonly string[] WithVariable =
    [
        "--session", "--volumes", "--modules", "--machine", "--listen-on", "--replica", "--start-token", "--cas-mrenclave", "--cas-wait",
    ];

    // A native program's manifest has everything else, and is measured.
    private static readonly string[] OfNative = ["--native", "--cas", "--cas-wait", "--replica", "--start-token", "--json"];

    private readonly List<(string HostPath, string GuestPath)> directories = [];
    private readonly List<(string Path, string GuestPath, string? KeyFile)> volumes = [];
    private readonly List<string> environment = [];
    private readonly List<IPEndPoint> listeners = [];
    private readonly List<string> casMeasurements = [];

    public bool IsHelp { get; private init; }

    public bool IsJson { get; private set; }

    public bool HasNoAttestation { get; private set; }

    public IReadOnlyList<(string HostPath, string GuestPath)> Directories => directories;

    public IEnumerable<(string Path, string GuestPath, string KeyFile)> Volumes =>
        volumes.Select(volume => (volume.Path, volume.GuestPath, volume.KeyFile!));

    public IReadOnlyList<string> Environment => environment;

    public IReadOnlyList<IPEndPoint> Listeners => listeners;

    public string? Session { get; private set; }

    public string? Cas { get; private set; }

    public IReadOnlyList<string> CasMeasurements => casMeasurements;

    /// <summary>The accepted platform of the CAS; null when it is not given.</summary>
    public string? Platform { get; private set; }

    public string? Machine { get; private set; }

    public string? VolumesFolder { get; private set; }

    /// <summary>The folder of compiled modules; null when it is not given.</summary>
    public string? ModulesFolder { get; private set; }

    /// <summary>How many seconds to wait for a CAS that does not answer.</summary>
    public int CasWait { get; private set; } = 60;

    public string? ListenOn { get; private set; }

    /// <summary>The number of this replica, from 0; null when it is not given.</summary>
    public string? Replica { get; private set; }

    /// <summary>The file with the one-time token for this start; null for none.</summary>
    public string? StartToken { get; private set; }

    /// <summary>Whether <see cref="Program"/> is an image layout.</summary>
    public bool IsImage { get; private set; }

    /// <summary>Whether <see cref="Program"/> is a packed native program.</summary>
    public bool IsNative { get; private set; }

    /// <summary>The folder of a program and its files, in which <see cref="Program"/> is an absolute path; null for none.</summary>
    public string? Tree { get; private set; }

    /// <summary>Bytes; null for the default.</summary>
    public long? MaxMemory { get; private set; }

    public ulong? MaxInstructions { get; private set; }

    public string Program { get; private set; } = "";

    /// <summary>The program's own arguments.</summary>
    public IReadOnlyList<string> Arguments { get; private set; } = [];

    /// <summary>Reads a command line.</summary>
    /// <param name="given">The words after <c>run</c>.</param>
    /// <exception cref="RefusedException">It is no command line of this command.</exception>
    public static RunArguments Parse(ReadOnlySpan<string> given)
    {
        var run = new RunArguments();
        var firstOf = new Dictionary<RunMode, string>();
        var set = new HashSet<string>();
        var next = 0;
        while (next < given.Length && given[next] is ['-', _, ..] and var word)
        {
            next++;
            if (word == "--")
            {
                break;
            }
            var (name, attached) = word.Split('=', 2) is [var before, var after] ? (before, after) : (word, null);
            if (name is "-h" or "--help" or "-?")
            {
                return new RunArguments { IsHelp = true };
            }
            if (!Known.TryGetValue(name, out var option) || (attached is not null && !option.HasValue))
            {
                throw Misuse($"there is no option {name}", NearestWord.Find(name, Known.Keys) is { } near ? $"did you mean {near}?" : null);
            }
            firstOf.TryAdd(option.Mode, name);
            set.Add(name);
            option.Set(
                run, !option.HasValue ? "" : attached ?? (next < given.Length ? given[next++] : throw Misuse($"{name} needs a value")));
        }
        if (!run.IsImage && !run.IsNative)
        {
            run.Program = next < given.Length ? given[next++] : throw Misuse("no program is named");
            run.IsImage = run.Tree is null && ImageLayout.IsAt(run.Program);
        }
        run.Arguments = given[next..].ToArray();
        run.RequireOneMode(firstOf);
        if (run.IsNative && set.FirstOrDefault(name => !OfNative.Contains(name)) is { } measured)
        {
            throw Misuse($"{measured} is not for --native", "the pack has the session, the CAS that is trusted, and the volumes");
        }
        if (!run.HasNoAttestation)
        {
            run.ReadVariables(set);
        }
        return run;
    }

    // The variable of --cas-wait is GUARDIAN_CAS_WAIT. Several measurements have commas between them.
    private void ReadVariables(HashSet<string> given)
    {
        foreach (var name in WithVariable.Where(name => !given.Contains(name)))
        {
            var variable = $"GUARDIAN_{name[2..].Replace('-', '_').ToUpperInvariant()}";
            if (System.Environment.GetEnvironmentVariable(variable) is not { Length: > 0 } value)
            {
                continue;
            }
            foreach (var each in name == "--cas-mrenclave" ? value.Split(',', StringSplitOptions.TrimEntries) : [value])
            {
                try
                {
                    Known[name].Set(this, each);
                }
                catch (RefusedException failure)
                {
                    throw Misuse($"{variable}: {failure.Refusal.Detail}", $"unset {variable}, or give {name}");
                }
            }
        }
    }

    private static int ParseWait(string value) =>
        int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds) && seconds <= MaxWaitSeconds
            ? seconds
            : throw Misuse($"--cas-wait takes a number of seconds from 0 to {MaxWaitSeconds}, not '{value}'");

    private static string ParseReplica(string value) =>
        int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var replica)
            ? replica.ToString(CultureInfo.InvariantCulture)
            : throw Misuse($"--replica takes the number of a replica, from 0, not '{value}'");

    private void RequireOneMode(Dictionary<RunMode, string> firstOf)
    {
        if (HasNoAttestation && firstOf.TryGetValue(RunMode.Attested, out var attested))
        {
            throw Misuse($"{attested} and --insecure-no-attestation exclude each other");
        }
        if (!HasNoAttestation && firstOf.ContainsKey(RunMode.Insecure))
        {
            throw Misuse(
                "--dir, --volume, --env and --listen are for --insecure-no-attestation: an attested program gets these from its session");
        }
        if (Tree is not null && (IsImage || !Program.StartsWith('/')))
        {
            throw Misuse("--tree takes a folder, and then the program's absolute path in it; --oci excludes it");
        }
        if (volumes.Find(volume => volume.KeyFile is null) is { Path: not null } open)
        {
            throw Misuse($"the volume {open.Path} has no --volume-key");
        }
    }

    private void AddVolume((string Path, string GuestPath) mapping) => volumes.Add((mapping.Path, mapping.GuestPath, null));

    private void AddVolumeKey(string file)
    {
        if (volumes is not [.., { KeyFile: null }])
        {
            throw Misuse("--volume-key follows the --volume that it is for");
        }
        volumes[^1] = volumes[^1] with { KeyFile = file };
    }

    private static (string, string) ParseMapping(string option, string value, bool isPlain)
    {
        var separator = value.IndexOf("::", StringComparison.Ordinal);
        return separator > 0 && separator + 2 < value.Length ? (value[..separator], value[(separator + 2)..])
            : separator < 0 && isPlain && value.Length > 0 ? (value, value)
            : throw Misuse($"{option} takes {(isPlain ? "HOSTDIR::GUESTDIR or HOSTDIR" : "VOLUMEDIR::GUESTDIR")}, not '{value}'");
    }

    private static IPEndPoint ParseListener(string value) =>
        IPEndPoint.TryParse(value, out var address) && value.Contains(':', StringComparison.Ordinal)
        ? address
        : throw Misuse($"--listen takes an address and a port, not '{value}'");

    private static long ParseMemory(string value) =>
        long.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var size) && size is > 0 and <= MaxMebibytes
            ? size * Mebibyte
            : throw Misuse($"--max-memory takes a number of MiB from 1 to {MaxMebibytes}");

    private static ulong ParseCount(string value) => ulong.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var count)
        ? count
        : throw Misuse("--max-instructions takes a number");

    private static RefusedException Misuse(string message, string? remedy = null) => CliReasons.Usage.Refuse(message, remedy);

    // The attested program gets everything from its session; a program without attestation gets everything from the command line.
    private enum RunMode
    {
        Any,
        Attested,
        Insecure,
    }

    private sealed record RunOption(RunMode Mode, bool HasValue, Action<RunArguments, string> Set)
    {
        public static RunOption Flag(Action<RunArguments> set) => new(RunMode.Any, HasValue: false, (run, _) => set(run));

        public static RunOption Any(Action<RunArguments, string> set) => new(RunMode.Any, HasValue: true, set);

        public static RunOption Attested(Action<RunArguments, string> set) => new(RunMode.Attested, HasValue: true, set);

        public static RunOption Insecure(Action<RunArguments, string> set) => new(RunMode.Insecure, HasValue: true, set);
    }
}
