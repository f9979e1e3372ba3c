using System.CommandLine;
using Guardian.Attestation.Policy;
using Guardian.Cas.Client.Connection;
using Guardian.Cli.Failures;
using Guardian.Cli.Inputs;
using Guardian.Cli.Installation;
using Guardian.Cli.Options;
using Guardian.Cli.Output;
using Guardian.Cli.Rooms;
using Guardian.Sgx.Measurement;

namespace Guardian.Cli.Commands.Rooms;

/// <summary><c>guardian room create</c>.</summary>
internal sealed class RoomCreateCommand : CliCommand
{
    private readonly Argument<string> name = new("NAME") { Description = "The room's name." };
    private readonly Option<string[]> drafts = new("--draft")
    {
        Description = "A member's data sets, as 'guardian room draft' wrote them; once for each member. Without drafts: an example.",
        HelpName = "FILE",
    };
    private readonly Option<string[]> members = new("--member")
    {
        Description = "A member and its public key, unless its draft names them; once for each.",
        HelpName = "NAME=KEY",
    };
    private readonly Option<CasTarget?> cas = CasOptions.CreateAddressOption(isRequired: false);
    private readonly Option<string> key = CasOptions.CreateKey("Your key, by which the CAS knows you; for --cas.", isRequired: false);
    private readonly Option<string?> sessionHash = new("--session-hash")
    {
        Description = "Instead of --cas: hash of the room's session, as 'guardian session create' printed it.",
        HelpName = "HEX",
    };
    private readonly Option<string?> casIdentity = new("--cas-identity")
    {
        Description = "Instead of --cas: identity of the CAS that has the session, as 'guardian cas attest' printed it.",
        HelpName = "HEX",
    };
    private readonly Option<string> output = new("--output")
    {
        Description = "The file to write.",
        DefaultValueFactory = _ => "room.yaml",
        HelpName = "FILE",
    };
    private readonly PolicyOptions policy = new(InstalledProgram.Enclave);

    public RoomCreateCommand() : base(
        "create", "Write a contract to start from, with comments; edit it before anyone signs. With --cas, also make the room's session.")
    {
        AddSymbols([name, drafts, members, cas, key, sessionHash, casIdentity, output, .. policy.All]);
    }

    protected override async Task<int> RunAsync(ParseResult arguments, Terminal terminal, CancellationToken cancellation)
    {
        var path = arguments.GetRequiredValue(output);
        OutputFile.RequireNew(path);
        List<RoomDraft> read = [.. (arguments.GetValue(drafts) ?? []).Select(RoomDraft.Read)];
        List<(string Name, string PublicKey)> people =
            [.. read.SelectMany(draft => draft.Members), .. (arguments.GetValue(members) ?? []).Select(ParseMember)];
        if (read.Count == 0 ? people.Count != 2 : people.Count < 2)
        {
            throw CliReasons.TwoMembers.Refuse(read.Count == 0
                ? "a contract to start from needs two members: --member NAME=KEY twice"
                : "the drafts name fewer than two members: write them with --key, or add --member NAME=KEY");
        }
        var mrEnclave = policy.Read(arguments).Identities[0].MrEnclaves[0];
        var creation = new RoomCreation(arguments.GetRequiredValue(name), mrEnclave, policy.ReadPlatforms(arguments));
        var session = await FindSessionAsync(arguments, path, creation, cancellation).ConfigureAwait(false);
        creation.WriteContract(path, people, read, session);
        return new NextStepResult(path, $"edit it, then: guardian room check {path}").Show(terminal);
    }

    // The session of an existing CAS, or a new one.
    private async Task<(string Hash, string Identity)> FindSessionAsync(
        ParseResult arguments, string path, RoomCreation creation, CancellationToken cancellation)
    {
        if (arguments.GetValue(cas) is not { } target)
        {
            return (arguments.GetValue(sessionHash), arguments.GetValue(casIdentity)) is ({ } hash, { } identity)
                ? (hash, identity)
                : throw CliReasons.NoSession.Refuse("the contract needs a session");
        }
        if (arguments.GetValue(key) is not { } keyPath || arguments.GetValue(sessionHash) is not null
            || arguments.GetValue(casIdentity) is not null)
        {
            throw CliReasons.NoSession.Refuse("--cas goes with --key, and with neither --session-hash nor --cas-identity");
        }
        using var identityKey = KeyFile.Load(keyPath);
        using var certificate = identityKey.CreateClientCertificate(TimeProvider.System.GetUtcNow());
        return await creation.MakeSessionAsync(
            target, certificate, Path.Combine(Path.GetDirectoryName(path) ?? "", "session.yaml"), cancellation).ConfigureAwait(false);
    }

    private static (string Name, string PublicKey) ParseMember(string text)
    {
        var sign = text.IndexOf('=', StringComparison.Ordinal);
        return sign > 0
            ? (text[..sign], text[(sign + 1)..])
            : throw CliReasons.BadMember.Refuse($"'{text}' is no member: NAME=KEY, with the key as 'guardian key show' prints it");
    }
}
