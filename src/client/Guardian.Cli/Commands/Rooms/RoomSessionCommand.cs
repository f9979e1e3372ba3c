using System.CommandLine;
using Guardian.Cli.Inputs;
using Guardian.Cli.Installation;
using Guardian.Cli.Options;
using Guardian.Cli.Output;
using Guardian.Cli.Rooms;
using Guardian.Sgx.Measurement;

namespace Guardian.Cli.Commands.Rooms;

/// <summary><c>guardian room session</c>.</summary>
internal sealed class RoomSessionCommand : LocalCommand
{
    private readonly Argument<string> name = new("NAME") { Description = "The room's name." };
    private readonly Option<string> output = new("--output")
    {
        Description = "The file to write.",
        DefaultValueFactory = _ => "session.yaml",
        HelpName = "FILE",
    };
    private readonly PolicyOptions policy = new(InstalledProgram.Enclave);

    public RoomSessionCommand() : base("session", "Write the CAS session that gives the room's key to the enclave alone.") =>
        AddSymbols([name, output, .. policy.All]);

    protected override int Run(ParseResult arguments, Terminal terminal)
    {
        var path = arguments.GetRequiredValue(output);
        OutputFile.RequireNew(path);
        var mrEnclave = policy.Read(arguments).Identities[0].MrEnclaves[0];
        OutputFile.Write(path, RoomTemplates.WriteSession(arguments.GetRequiredValue(name), mrEnclave, policy.ReadPlatforms(arguments)));
        return new NextStepResult(path, $"create it in the CAS: guardian session create {path} --cas ADDRESS --key FILE").Show(terminal);
    }
}
