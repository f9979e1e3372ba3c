using System.CommandLine;
using System.Text.Json.Nodes;
using Guardian.CleanRoom;
using Spectre.Console;

namespace Guardian.Cli;

/// <summary><c>guardian room verify</c>: checks what left a room, offline.</summary>
internal static class RoomVerifyCommand
{
    public static Command Create()
    {
        var statement = new Argument<string>("STATEMENT") { Description = "A signed answer, as 'ask --output' and 'lift --output' keep it." };
        var contract = new Option<string>("--contract") { Description = "The contract it was made under, room.yaml.", Required = true, HelpName = "FILE" };
        var command = new Command("verify", "Verify a signed answer offline: signature, quote, code, contract.") { statement, contract };
        command.Runs((arguments, terminal) =>
        {
            var file = RoomFile.Load(arguments.GetRequiredValue(contract));
            file.RequireSigned();
            var bytes = File.ReadAllBytes(arguments.GetRequiredValue(statement));
            var answer = RoomQuestionCommands.ReadAnswer(bytes, file.Contract);
            var verified = RoomStatements.Verify(bytes, file.Contract, TimeProvider.System.GetUtcNow());
            terminal.Show(
                new JsonObject
                {
                    ["verified"] = true,
                    ["platform"] = Platforms.Name(verified.Quote.Platform),
                    ["root"] = verified.Quote.RootName,
                    ["mrEnclave"] = verified.Quote.Report.MrEnclave.ToString(),
                    ["contractHash"] = file.Hash,
                    ["answer"] = RoomQuestionCommands.ToJson(answer),
                },
                people =>
                {
                    people.Write(new Grid().AddColumn(new GridColumn().NoWrap()).AddColumn()
                        .AddRow("verified", "signature, key in quote, quote to its root, code and contract")
                        .AddRow("root", verified.Quote.RootName)
                        .AddRow("platform", Platforms.Explain(verified.Quote.Platform))
                        .AddRow("mrenclave", verified.Quote.Report.MrEnclave.ToString())
                        .AddRow("contract", file.Hash)
                        .AddRow("asked by", $"{answer.Member}, {answer.Instant:u}")
                        .AddRow("data versions", string.Join(", ", answer.DataVersions.Select(version => $"{version.Key} {version.Value[..16]}…")))
                        .AddRow("rules", RoomView.Privacy(answer.MinimumAudience, answer.Epsilon)));
                    RoomView.ShowAnswer(people, answer);
                });
            return ExitCode.Done;
        });
        return command;
    }
}
