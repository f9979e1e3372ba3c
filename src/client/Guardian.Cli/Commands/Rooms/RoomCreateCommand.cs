using System.CommandLine;
using Guardian.Cli.Failures;
using Guardian.Cli.Inputs;
using Guardian.Cli.Installation;
using Guardian.Cli.Options;
using Guardian.Cli.Output;
using Guardian.Cli.Rooms;

namespace Guardian.Cli.Commands.Rooms;

/// <summary><c>guardian room create</c>.</summary>
internal sealed class RoomCreateCommand : LocalCommand
{
    private readonly Argument<string> name = new("NAME") { Description = "The room's name." };
    private readonly Option<string[]> members = new("--member")
    {
        Description = "A member and its public key; once for each of the two.",
        Required = true,
        HelpName = "NAME=KEY",
    };
    private readonly Option<string> sessionHash = new("--session-hash")
    {
        Description = "Hash of the room's session, as 'guardian session create' printed it.",
        Required = true,
        HelpName = "HEX",
    };
    private readonly Option<string> casIdentity = new("--cas-identity")
    {
        Description = "Identity of the CAS that has the session, as 'guardian cas attest' printed it. The room accepts no other CAS.",
        Required = true,
        HelpName = "HEX",
    };
    private readonly Option<string> output = new("--output")
    {
        Description = "The file to write.",
        DefaultValueFactory = _ => "room.yaml",
        HelpName = "FILE",
    };
    private readonly PolicyOptions policy = new(InstalledProgram.Enclave);

    public RoomCreateCommand() : base("create", "Write a contract to start from, with comments; edit it before anyone signs.") =>
        AddSymbols([name, members, sessionHash, casIdentity, output, .. policy.All]);

    protected override int Run(ParseResult arguments, Terminal terminal)
    {
        var path = arguments.GetRequiredValue(output);
        OutputFile.RequireNew(path);
        List<(string Name, string PublicKey)> people = [.. arguments.GetRequiredValue(members).Select(ParseMember)];
        if (people.Count != 2)
        {
            throw CliReasons.TwoMembers.Refuse("a contract to start from needs two members: --member NAME=KEY twice");
        }
        var head = RoomTemplates.WriteContractHead(
            arguments.GetRequiredValue(name), people, policy.Read(arguments).Identities[0].MrEnclaves[0], InstalledProgram.Cas.Measure(),
            policy.ReadPlatforms(arguments), arguments.GetRequiredValue(sessionHash), arguments.GetRequiredValue(casIdentity));
        OutputFile.Write(path, head + RoomTemplates.WriteContractBody(people[0].Name, people[1].Name));
        return new NextStepResult(path, $"edit it, then: guardian room check {path}").Show(terminal);
    }

    private static (string Name, string PublicKey) ParseMember(string text)
    {
        var sign = text.IndexOf('=', StringComparison.Ordinal);
        return sign > 0
            ? (text[..sign], text[(sign + 1)..])
            : throw CliReasons.BadMember.Refuse($"'{text}' is no member: NAME=KEY, with the key as 'guardian key show' prints it");
    }
}
