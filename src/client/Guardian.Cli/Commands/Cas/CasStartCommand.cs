using System.CommandLine;
using System.Globalization;
using Guardian.Attestation.Identity;
using Guardian.Cli.Failures;
using Guardian.Cli.Inputs;
using Guardian.Cli.Installation;
using Guardian.Cli.Options;
using Guardian.Cli.Output;

namespace Guardian.Cli.Commands.Cas;

/// <summary><c>guardian cas start</c>.</summary>
internal sealed class CasStartCommand : CliCommand
{
    private readonly HostOptions host = new("cas");
    private readonly Option<bool> recover = new("--recover")
    {
        Description = "Wait for the owners' shares of the store's key, and end when there are enough.",
    };
    private readonly Option<bool> fresh = new("--new")
    {
        Description = "Make a new CAS in an empty database although the state folder has the key of a former one, which is kept beside.",
    };
    private readonly Option<bool> restored = new("--restored")
    {
        Description = "Serve a database that is older than the state of this machine: what came later is lost.",
    };

    private readonly Option<string[]> owners = new("--owner")
    {
        Description = "An owner of a new CAS: a file with the owner's key, or the public key itself; repeatable.",
        HelpName = "FILE",
    };
    private readonly Option<int?> threshold = new("--threshold")
    {
        Description = "How many of several owners act together.",
        HelpName = "COUNT",
    };

    // guardian-cas has the same options.
    private readonly Option<string?>[] passed =
    [
        Pass(
            "--database", "FILE",
            "File with a connection string of PostgreSQL, for several replicas. Without it, SQLite in the state folder."),
        Pass(
            "--join", "ADDRESS",
            "A replica, https://host:port, that gives the store's key to this one if it has none yet."),
        Pass(
            "--provision", "HOST:PORT",
            "Address and port for clients of Gramine's secret provisioning. Without it, there is no such service."),
        Pass(
            "--provision-unnamed", "SESSION/SERVICE",
            "The service for such clients whose address for the CAS names none."),
        Pass(
            "--connections", "COUNT",
            "How many connections the CAS accepts at once, 1,000 by default."),
        Pass(
            "--address-connections", "COUNT",
            "How many of them one address has, by default half. Behind source NAT, all clients are one address."),
        Pass(
            "--notify", "ADDRESS",
            "Where the CAS tells of denials, https://host/path; the audit log has their reasons. Without it, nowhere."),
        Pass(
            "--notify-ca", "FILE",
            "The issuers of that receiver's certificate, PEM. Without it, the well-known ones."),
        Pass(
            "--caller-calls", "COUNT",
            "How many calls of one caller run at once, 512 by default; further calls are told to retry."),
        Pass(
            "--log", "WORD",
            "The requests that are logged on standard error, one line of JSON each: off (default), denials or all."),
    ];

    private readonly StartSettings settings;

    public CasStartCommand() : base("start", "Run a CAS in its enclave until you end it.")
    {
        settings = new StartSettings("GUARDIAN_CAS_", [.. host.All, owners, threshold, .. passed]);
        AddSymbols([.. host.All, owners, threshold, .. passed, recover, fresh, restored, settings.File]);
    }

    /// <inheritdoc/>
    public override TimeSpan EndingLimit => HostOptions.EndingLimit;

    protected override Task<int> RunAsync(ParseResult arguments, Terminal terminal, CancellationToken cancellation)
    {
        arguments = settings.Complete(arguments);
        var more = passed.SelectMany<Option<string?>, string>(
            option => arguments.GetValue(option) is { } value ? [option.Name, value] : []);
        return host.RunAsync(
            InstalledProgram.Cas, arguments, [.. more, .. ReadOwners(arguments), .. ReadMode(arguments)], terminal, cancellation);
    }

    private IReadOnlyList<string> ReadMode(ParseResult arguments)
    {
        (Option<bool> Option, string Mode)[] modes = [(recover, "recover"), (fresh, "new"), (restored, "restored")];
        var given = modes.Where(mode => arguments.GetValue(mode.Option)).ToList();
        return given.Count > 1
            ? throw CliReasons.Usage.Refuse($"{string.Join(" and ", given.Select(mode => mode.Option.Name))} exclude each other")
            : [.. given.SelectMany<(Option<bool>, string Mode), string>(mode => ["--mode", mode.Mode])];
    }

    private IReadOnlyList<string> ReadOwners(ParseResult arguments)
    {
        var given = arguments.GetValue(owners) ?? [];
        if (given.Length == 0)
        {
            return arguments.GetValue(threshold) is null ? [] : throw CliReasons.NoThreshold.Refuse("--threshold is for --owner");
        }
        var count = arguments.GetValue(threshold) ?? (given.Length == 1 ? 1 : throw CliReasons.NoThreshold.Refuse(
            "several owners need a threshold"));
        return ["--owners", string.Join(',', given.Select(ReadOwner)), "--threshold", count.ToString(CultureInfo.InvariantCulture)];
    }

    private static Option<string?> Pass(string name, string value, string description) =>
        new(name) { Description = description, HelpName = value };

    private static string ReadOwner(string owner)
    {
        if (IdentityKey.IsPublicKey(owner))
        {
            return owner;
        }
        using var key = KeyFile.Load(owner);
        return key.PublicKey;
    }
}
