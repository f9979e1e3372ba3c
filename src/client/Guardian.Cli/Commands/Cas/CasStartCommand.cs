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
        new("--database")
        {
            Description = "File with a connection string of PostgreSQL, for several replicas. Without it, SQLite in the state folder.",
            HelpName = "FILE",
        },
        new("--join")
        {
            Description = "A replica, https://host:port, that has the store's key and gives it to this one.",
            HelpName = "ADDRESS",
        },
        new("--provision")
        {
            Description = "Address and port for clients of Gramine's secret provisioning. Without it, there is no such service.",
            HelpName = "HOST:PORT",
        },
        new("--provision-unnamed")
        {
            Description = "The service for such clients whose address for the CAS names none.",
            HelpName = "SESSION/SERVICE",
        },
        new("--notify")
        {
            Description = "Where the CAS tells of denials, https://host/path; the audit log has their reasons. Without it, nowhere.",
            HelpName = "ADDRESS",
        },
        new("--notify-ca")
        {
            Description = "The issuers of that receiver's certificate, PEM. Without it, the well-known ones.",
            HelpName = "FILE",
        },
        new("--caller-calls")
        {
            Description = "How many calls of one caller run at once, 512 by default; further calls are told to retry.",
            HelpName = "COUNT",
        },
    ];

    public CasStartCommand() : base("start", "Run a CAS in its enclave until you end it.") => 
        AddSymbols([.. host.All, owners, threshold, .. passed, recover]);

    protected override Task<int> RunAsync(ParseResult arguments, Terminal terminal, CancellationToken cancellation)
    {
        var more = passed.SelectMany<Option<string?>, string>(
            option => arguments.GetValue(option) is { } value ? [option.Name, value] : []);
        string[] mode = arguments.GetValue(recover) ? ["--mode", "recover"] : [];
        return host.RunAsync(
            InstalledProgram.Cas, arguments, [.. more, .. ReadOwners(arguments), .. mode], terminal, cancellation);
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
