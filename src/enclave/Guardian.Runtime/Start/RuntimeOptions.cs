using System.Globalization;
using System.Net;
using Guardian.Attestation.Policy;
using Guardian.Cas.Client.Protocol;
using Guardian.Refusals;
using Guardian.Runtime.Base;
using Guardian.Sgx;
using Guardian.Sgx.Measurement;

namespace Guardian.Runtime.Start;

/// <summary>The untrusted host's options for the start of a program. They contain no secret, and no value makes the CAS release secrets to
/// other code.</summary>
internal sealed record RuntimeOptions
{
    private static readonly string[] Names =
    [
        "session", "cas", "cas-mrenclave", "cas-platform", "cas-identity", "cas-owners", "machine", "collateral", "volumes", "modules",
        "program", "image", "listen-on", "replica", "start-token", "stdio", "cas-wait", "tree",
    ];

    private static readonly string UnknownOptionRemedy =
        $"options are {string.Join(" ", Names.Select(name => $"--{name} …"))}; 'guardian run' gives them";

    /// <summary>Session and service, <c>SESSION/SERVICE</c>.</summary>
    public required string Session { get; init; }

    /// <summary>Address of the CAS.</summary>
    public required Uri Cas { get; init; }

    /// <summary>The policy that the CAS must satisfy.</summary>
    public required AttestationPolicy CasPolicy { get; init; }

    /// <summary>The one CAS that is accepted.</summary>
    public CasPins CasPins { get; init; } = CasPins.None;

    /// <summary>Folder of the simulated machine.</summary>
    public required string Machine { get; init; }

    /// <summary>Folder of fetched collateral.</summary>
    public required string Collateral { get; init; }

    /// <summary>Folder with one folder for each volume.</summary>
    public required string Volumes { get; init; }

    /// <summary>Folder of compiled programs, authenticated by the runtime; null if each start compiles.</summary>
    public string? Modules { get; init; }

    /// <summary>The program: a module, the folder of an OCI image layout, or the path of a module in <see cref="Tree"/>.</summary>
    public required string Program { get; init; }

    /// <summary>Whether <see cref="Program"/> is an image layout.</summary>
    public bool IsImage { get; init; }

    /// <summary>The folder of a program and its files; null if the program is alone.</summary>
    public string? Tree { get; init; }

    /// <summary>The address on which the program's ports listen.</summary>
    public IPAddress ListenOn { get; init; } = IPAddress.Any;

    /// <summary>Whether the reader of the encrypted streams takes binary frames.</summary>
    public bool HasBinaryStdio { get; init; }

    /// <summary>The number of this replica, from 0; null for a service without replicas.</summary>
    public int? Replica { get; init; }

    /// <summary>The one-time token for this start; null for none.</summary>
    public string? StartToken { get; init; }

    /// <summary>The longest time to wait for a CAS that does not answer.</summary>
    public TimeSpan CasWait { get; init; }

    /// <summary>Arguments of the host; the session decides how many of them reach the program.</summary>
    public IReadOnlyList<string> Arguments { get; init; } = [];

    /// <summary>The session's name.</summary>
    public string SessionName => Session[..Session.LastIndexOf('/')];

    /// <summary>The service's name.</summary>
    public string ServiceName => Session[(Session.LastIndexOf('/') + 1)..];

    /// <summary>Parses the command line: <c>--name value</c> pairs, <c>--</c>, then the host's arguments.</summary>
    /// <exception cref="RefusedException">An option is unknown, missing or malformed.</exception>
    public static RuntimeOptions Parse(IReadOnlyList<string> arguments)
    {
        var values = Names.ToDictionary(name => name, _ => new List<string>());
        var i = 0;
        for (; i < arguments.Count && arguments[i] != "--"; i += 2)
        {
            if (!arguments[i].StartsWith("--", StringComparison.Ordinal)
                || !values.TryGetValue(arguments[i][2..], out var given)
                || i + 1 == arguments.Count)
            {
                throw Refuse($"'{arguments[i]}' is unknown or lacks its value", UnknownOptionRemedy);
            }
            given.Add(arguments[i + 1]);
        }
        string One(string name) => values[name] is [var value] ? value : throw Refuse($"--{name} must be given once");
        string? ParsePin(string name) => values[name].Count == 0 ? null
            : CasPins.IsPin(One(name)) ? One(name)
            : throw Refuse($"--{name} takes 64 lower-case hex digits, as 'guardian cas attest' prints them");
        var isImage = values["image"].Count > 0;
        return new RuntimeOptions
        {
            Session = ParseSession(One("session")),
            Cas = Uri.TryCreate(One("cas"), UriKind.Absolute, out var cas) ? cas : throw Refuse($"'{One("cas")}' is no address of a CAS"),
            CasPolicy = new AttestationPolicy
            {
                Identities = [new AcceptedIdentity { MrEnclaves = [.. values["cas-mrenclave"].Select(ParseMrEnclave)] }],
                Platforms = [.. values["cas-platform"].Select(ParsePlatform)],
            },
            CasPins = new CasPins(ParsePin("cas-identity"), ParsePin("cas-owners")),
            Machine = One("machine"),
            Collateral = One("collateral"),
            Volumes = One("volumes"),
            Modules = values["modules"] is [] ? null : One("modules"),
            Program = isImage ? One("image") : One("program"),
            IsImage = isImage,
            Tree = values["tree"] is [] ? null : One("tree"),
            ListenOn = values["listen-on"] is [var address] ? ParseAddress(address) : IPAddress.Any,
            HasBinaryStdio = values["stdio"] is not [] && (One("stdio") == "binary" ? true : throw Refuse("--stdio takes 'binary'")),
            Replica = values["replica"] is [] ? null : ParseReplica(One("replica")),
            StartToken = values["start-token"] is [] ? null : File.ReadAllText(One("start-token")).Trim(),
            CasWait = values["cas-wait"] is [] ? TimeSpan.Zero : ParseWait(One("cas-wait")),
            Arguments = [.. arguments.Skip(i + 1)],
        };
    }

    private static string ParseSession(string text)
    {
        var slash = text.LastIndexOf('/');
        return slash > 0 && slash < text.Length - 1 ? text : throw Refuse($"'{text}' is no SESSION/SERVICE");
    }

    private static int ParseReplica(string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var replica)
            ? replica
            : throw Refuse(
                $"--replica takes a number, not '{text}'", "leave it out, if the session's volumes have no replicas");

    private static TimeSpan ParseWait(string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds)
            ? TimeSpan.FromSeconds(seconds)
            : throw Refuse($"--cas-wait takes a number of seconds, not '{text}'", "for example 60");

    private static MrEnclave ParseMrEnclave(string hex) =>
        MrEnclave.TryParse(hex, out var value) ? value : throw Refuse($"'{hex}' is no MRENCLAVE");

    private static PlatformKind ParsePlatform(string kind) => kind == "simulated" ? PlatformKind.Simulated : PlatformKind.Hardware;

    private static IPAddress ParseAddress(string text) =>
        IPAddress.TryParse(text, out var address)
            ? address
            : throw Refuse($"--listen-on takes an IP address, not '{text}'", "for example 127.0.0.1, 0.0.0.0 or ::");

    private static RefusedException Refuse(string detail, string? remedy = null) =>
        new(RuntimeReasons.BadOptions.Because(detail) with { Remedy = remedy ?? RuntimeReasons.BadOptions.Remedy });
}
