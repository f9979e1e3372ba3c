using System.CommandLine;
using System.Text.Json.Nodes;
using Guardian.Attestation.Identity;
using Guardian.CleanRoom.Client;
using Guardian.CleanRoom.Contract;
using Guardian.Cli.Rooms;
using Guardian.Sgx.Measurement;
using Spectre.Console;

namespace Guardian.Cli.Commands;

/// <summary><c>guardian room</c>: clean rooms, from the contract to the verified result.</summary>
internal static class RoomCommands
{
    public static Command Create() => new("room", "Measure audiences and campaigns with partners, without showing each other a row.")
    {
        CreateSession(),
        CreateCreate(),
        CreateCheck(),
        CreateSign(),
        RoomAmendCommand.Create(),
        CreateStart(),
        RoomUploadCommand.Create(),
        RoomQuestionCommands.CreateAsk(),
        RoomQuestionCommands.CreateLift(),
        RoomActivateCommand.Create(),
        RoomReportCommand.Create(),
        RoomAnswersCommand.Create(),
        RoomBudgetCommand.Create(),
        RoomPowerCommand.Create(),
        RoomLogCommand.Create(),
        RoomDeleteCommand.Create(),
        RoomDiagnoseCommand.Create(),
        RoomStatusCommand.Create(),
        RoomVerifyCommand.Create(),
    };

    private static Command CreateSession()
    {
        var name = new Argument<string>("NAME") { Description = "The room's name." };
        var output = Output("session.yaml");
        var policy = new PolicyOptions(InstalledProgram.Enclave);
        var command = new Command("session", "Write the CAS session that gives the room's key to the enclave alone.") { name, output };
        policy.AddTo(command);
        command.Runs((arguments, terminal) =>
        {
            var path = arguments.GetRequiredValue(output);
            var mrEnclave = policy.Read(arguments).Identities[0].MrEnclaves[0];
            WriteNew(path, RoomTemplates.Session(arguments.GetRequiredValue(name), mrEnclave, policy.ReadPlatforms(arguments)));
            return Written(terminal, path, $"create it in the CAS: guardian session create {path} --cas ADDRESS --key FILE");
        });
        return command;
    }

    private static Command CreateCreate()
    {
        var name = new Argument<string>("NAME") { Description = "The room's name." };
        var members = new Option<string[]>("--member") { Description = "A member and its public key; once for each of the two.", Required = true, HelpName = "NAME=KEY" };
        var sessionHash = new Option<string>("--session-hash") { Description = "Hash of the room's session, as 'guardian session create' printed it.", Required = true, HelpName = "HEX" };
        var output = Output("room.yaml");
        var policy = new PolicyOptions(InstalledProgram.Enclave);
        var command = new Command("create", "Write a contract to start from, with comments; edit it before anyone signs.") { name, members, sessionHash, output };
        policy.AddTo(command);
        command.Runs((arguments, terminal) =>
        {
            var people = arguments.GetRequiredValue(members).Select(ParseMember).ToList();
            if (people.Count != 2)
            {
                throw new CliException(ExitCode.Usage, "two-members", "a contract to start from needs two members: --member NAME=KEY twice");
            }
            var path = arguments.GetRequiredValue(output);
            WriteNew(
                path,
                RoomTemplates.ContractHead(
                    arguments.GetRequiredValue(name), people, policy.Read(arguments).Identities[0].MrEnclaves[0], InstalledProgram.Cas.Measure(),
                    policy.ReadPlatforms(arguments), arguments.GetRequiredValue(sessionHash))
                + RoomTemplates.ContractBody(people[0].Name, people[1].Name));
            return Written(terminal, path, $"edit it, then: guardian room check {path}");
        });
        return command;
    }

    private static Command CreateCheck()
    {
        var contract = new Argument<string>("CONTRACT") { Description = "The contract, room.yaml." };
        var command = new Command("check", "Show everything that is wrong with a contract, its hash, and who has signed.") { contract };
        command.Runs((arguments, terminal) =>
        {
            var file = RoomFile.Load(arguments.GetRequiredValue(contract));
            DataSetPreparer.RequireZones(file.Contract);
            var signed = file.Signers.Where(member => File.Exists(file.SignaturePath(member.Name))).Select(member => member.Name).ToList();
            var complete = file.Contract.Members.All(member => signed.Contains(member.Name)) && file.RequireSigned() is not null;
            terminal.Show(
                new JsonObject
                {
                    ["room"] = file.Contract.Name,
                    ["hash"] = file.Hash,
                    ["signed"] = complete,
                    ["signatures"] = new JsonArray([.. signed.Select(member => (JsonNode)member)]),
                },
                people => RoomView.ShowContract(people, file, signed));
            return ExitCode.Done;
        });
        return command;
    }

    private static Command CreateSign()
    {
        var contract = new Argument<string>("CONTRACT") { Description = "The contract, room.yaml." };
        var member = new Option<string>("--member") { Description = "Who you are in the contract.", Required = true, HelpName = "NAME" };
        var key = new Option<string>("--key") { Description = "Your key.", Required = true, HelpName = "FILE" };
        var command = new Command("sign", "Sign the contract's exact bytes; the signature lies beside it.") { contract, member, key };
        command.Runs((arguments, terminal) =>
        {
            var file = RoomFile.Load(arguments.GetRequiredValue(contract));
            using var identity = IdentityKey.Load(arguments.GetRequiredValue(key));
            var name = arguments.GetRequiredValue(member);
            var known = file.Signers.FirstOrDefault(each => each.Name == name)
                ?? throw new CliException(ExitCode.Usage, "no-member", $"{file.Path} has no member '{name}'", hint: $"its members are {string.Join(", ", file.Contract.Members.Select(each => each.Name))}");
            if (known.PublicKey != identity.PublicKey)
            {
                throw new CliException(
                    ExitCode.Refused, "wrong-key", $"the contract names another key for '{name}'",
                    hint: "sign with the key whose public half stands in the contract, or have the contract changed and signed anew");
            }
            var path = file.SignaturePath(name);
            File.WriteAllText(path, SignedContract.Sign(file.Contract, identity) + "\n");
            return Written(terminal, path, $"signed {file.Hash}");
        });
        return command;
    }

    private static Command CreateStart()
    {
        var contract = new Argument<string>("CONTRACT") { Description = "The signed contract, room.yaml." };
        var cas = new Option<Uri>("--cas") { Description = "The CAS, https://host:port.", Required = true, CustomParser = Addresses.Parse, HelpName = "ADDRESS" };
        var host = new HostOptions("room");
        var command = new Command("start", "Run the room in its enclave until it is ended.") { contract, cas };
        host.AddTo(command);
        command.Runs((arguments, terminal, cancellation) =>
        {
            var file = RoomFile.Load(arguments.GetRequiredValue(contract));
            file.RequireSigned();
            return host.RunAsync(
                InstalledProgram.Enclave, arguments, ["--contract", file.Path, "--cas", arguments.GetRequiredValue(cas).ToString()], terminal, cancellation);
        });
        return command;
    }

    private static Option<string> Output(string path) => new("--output") { Description = "The file to write.", DefaultValueFactory = _ => path, HelpName = "FILE" };

    private static (string Name, string PublicKey) ParseMember(string text)
    {
        var sign = text.IndexOf('=', StringComparison.Ordinal);
        return sign > 0
            ? (text[..sign], text[(sign + 1)..])
            : throw new CliException(ExitCode.Usage, "bad-member", $"'{text}' is no member: NAME=KEY, with the key as 'guardian key show' prints it");
    }

    private static void WriteNew(string path, string text)
    {
        try
        {
            using var file = new StreamWriter(new FileStream(path, FileMode.CreateNew));
            file.Write(text);
        }
        catch (IOException) when (File.Exists(path))
        {
            throw new CliException(ExitCode.Usage, "exists", $"{path} is already there", hint: "name another file with --output");
        }
    }

    private static int Written(Terminal terminal, string path, string next)
    {
        terminal.Show(new JsonObject { ["file"] = path, ["next"] = next }, people => people.WriteLine($"{path} is written\n{next}"));
        return ExitCode.Done;
    }
}
