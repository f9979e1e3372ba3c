using System.Net;
using Guardian.Attestation.Policy;
using Guardian.Runtime.Base;
using Guardian.Sgx;
using Guardian.Sgx.Measurement;

namespace Guardian.Runtime.Start;

/// <summary>What the untrusted host says when it starts a program. None of it is secret, and nothing of it makes the CAS give secrets to other code.</summary>
public sealed record RuntimeOptions
{
    /// <summary>Session and service, <c>SESSION/SERVICE</c>.</summary>
    public required string Session { get; init; }

    /// <summary>Address of the CAS.</summary>
    public required Uri Cas { get; init; }

    /// <summary>Which CAS is talked to.</summary>
    public required AttestationPolicy CasPolicy { get; init; }

    /// <summary>Folder of the simulated machine.</summary>
    public required string Machine { get; init; }

    /// <summary>Folder of fetched collateral.</summary>
    public required string Collateral { get; init; }

    /// <summary>Folder with one folder for each volume.</summary>
    public required string Volumes { get; init; }

    /// <summary>Folder of compiled programs, authenticated by the runtime; null when each start compiles.</summary>
    public string? Modules { get; init; }

    /// <summary>The program: a module, or the folder of an OCI image layout.</summary>
    public required string Program { get; init; }

    /// <summary>Whether <see cref="Program"/> is an image layout.</summary>
    public bool IsImage { get; init; }

    /// <summary>Where the program's ports listen.</summary>
    public IPAddress ListenOn { get; init; } = IPAddress.Any;

    /// <summary>Arguments of the host, which the session may let through.</summary>
    public IReadOnlyList<string> Arguments { get; init; } = [];

    /// <summary>The session's name.</summary>
    public string SessionName => Session[..Session.LastIndexOf('/')];

    /// <summary>The service's name.</summary>
    public string ServiceName => Session[(Session.LastIndexOf('/') + 1)..];

    /// <summary>Reads the command line: <c>--name value</c> pairs, <c>--</c>, the host's arguments.</summary>
    /// <exception cref="RuntimeException">It is none.</exception>
    public static RuntimeOptions Parse(IReadOnlyList<string> arguments)
    {
        ArgumentNullException.ThrowIfNull(arguments);
        string[] names = ["session", "cas", "cas-mrenclave", "cas-platform", "machine", "collateral", "volumes", "modules", "program", "image", "listen-on"];
        var values = names.ToDictionary(name => name, _ => new List<string>());
        var i = 0;
        for (; i < arguments.Count && arguments[i] != "--"; i += 2)
        {
            if (!arguments[i].StartsWith("--", StringComparison.Ordinal) || !values.TryGetValue(arguments[i][2..], out var given) || i + 1 == arguments.Count)
            {
                throw new RuntimeException($"'{arguments[i]}' is unknown or lacks its value", $"options are {string.Join(" ", names.Select(name => $"--{name} …"))}; 'guardian run' gives them");
            }
            given.Add(arguments[i + 1]);
        }
        string One(string name) => values[name] is [var value] ? value : throw new RuntimeException($"--{name} must be given once");
        var isImage = values["image"].Count > 0;
        return new RuntimeOptions
        {
            Session = One("session") is var session && session.LastIndexOf('/') is > 0 and var slash && slash < session.Length - 1 ? session : throw new RuntimeException($"'{session}' is no SESSION/SERVICE"),
            Cas = Uri.TryCreate(One("cas"), UriKind.Absolute, out var cas) ? cas : throw new RuntimeException($"'{One("cas")}' is no address of a CAS"),
            CasPolicy = new AttestationPolicy
            {
                Identities = [new AcceptedIdentity { MrEnclaves = [.. values["cas-mrenclave"].Select(hex => MrEnclave.TryParse(hex, out var value) ? value : throw new RuntimeException($"'{hex}' is no MRENCLAVE"))] }],
                Platforms = [.. values["cas-platform"].Select(kind => kind == "simulated" ? PlatformKind.Simulated : PlatformKind.Hardware)],
            },
            Machine = One("machine"),
            Collateral = One("collateral"),
            Volumes = One("volumes"),
            Modules = values["modules"] is [] ? null : One("modules"),
            Program = isImage ? One("image") : One("program"),
            IsImage = isImage,
            ListenOn = values["listen-on"] is not [var on] ? IPAddress.Any : IPAddress.TryParse(on, out var address) ? address : throw new RuntimeException($"'{on}' is no IP address"),
            Arguments = [.. arguments.Skip(i + 1)],
        };
    }
}
