using System.CommandLine;
using Guardian.Cas.Client.Connection;
using Guardian.Cli.Failures;
using Guardian.Cli.Options;
using Guardian.Cli.Output;
using Guardian.Refusals;
using Guardian.Sgx;

namespace Guardian.Cli.Commands.Cas;

/// <summary><c>guardian cas trust</c>.</summary>
internal sealed class CasTrustCommand : CliCommand
{
    private readonly Argument<string> name = new("NAME") { Description = "A short name for the CAS: letters, digits, - and _." };
    private readonly CasOptions cas = CasOptions.WithArgument(mayDefault: false);
    private readonly Option<string?> identity = CreatePin("--identity", "The identity that the CAS must have, as its owners told you.");
    private readonly Option<string?> owners = CreatePin("--owners", "The hash of owners that the CAS must have, as its owners told you.");
    private readonly Option<bool> replace = new("--replace")
    {
        Description = "Forget what was trusted by this name before.",
    };

    public CasTrustCommand() : base(
        "trust", "Verify a CAS, and remember its identity, owners and code by a name. Commands then refuse any other CAS.") =>
        AddSymbols([name, .. cas.All, identity, owners, replace]);

    protected override async Task<int> RunAsync(ParseResult arguments, Terminal terminal, CancellationToken cancellation)
    {
        var word = arguments.GetRequiredValue(name);
        if (!TrustedCas.IsName(word))
        {
            throw CliReasons.BadTrust.Refuse($"'{word}' is not a name");
        }
        var policy = cas.ReadPolicy(arguments);
        using var client = cas.ConnectAnonymously(arguments);
        var found = await client.ReadIdentityAsync(cancellation).ConfigureAwait(false);
        var hash = found.Owners.Hash ?? throw CliReasons.NotOwned.Refuse("nobody owns this CAS yet");
        Demand("identity", found.Identity, arguments.GetValue(identity));
        Demand("hash of owners", hash, arguments.GetValue(owners));
        var next = new TrustedCas(
            cas.ReadTarget(arguments).Address.GetLeftPart(UriPartial.Authority), found.Identity, hash,
            [.. policy.Identities.SelectMany(each => each.MrEnclaves).Select(each => each.ToString())],
            [.. policy.Platforms.Select(platform => platform == PlatformKind.Simulated ? "simulated" : "hardware")]);
        if (TrustedCas.Find(word) is { } known && known.Pins != next.Pins && !arguments.GetValue(replace))
        {
            throw CliReasons.OtherTrust.Refuse(
                $"'{word}' stands for another CAS or other owners: {known.Identity} with the owners {known.Owners}");
        }
        next.Save(word);
        var result = new CasTrustResult(word, next.Address, next.Identity, OwnersResult.Of(found.Owners), [.. found.Code]);
        terminal.Show(result, CasResultsJson.Default.CasTrustResult, people => people.WriteFacts(
            ("trusted as", word),
            ("identity", result.Identity),
            ("owners", $"{result.Owners}"),
            ("hash of owners", hash),
            ("code", string.Join(", ", result.Code))));
        return ExitCode.Done;
    }

    private static Option<string?> CreatePin(string name, string description) => new(name) { Description = description, HelpName = "HEX" };

    private static void Demand(string what, string found, string? expected)
    {
        if (expected is not null && expected != found)
        {
            throw CliReasons.OtherTrust.Refuse($"the {what} of this CAS is {found}, not {expected}");
        }
    }
}

/// <summary>The result of <c>cas trust</c>.</summary>
/// <param name="Name">The name.</param>
/// <param name="Address">The address.</param>
/// <param name="Identity">SHA-256 of the first line of the log.</param>
/// <param name="Owners">The owners.</param>
/// <param name="Code">MRENCLAVE of all code that may have the key.</param>
internal sealed record CasTrustResult(string Name, string Address, string Identity, OwnersResult Owners, IReadOnlyList<string> Code);
