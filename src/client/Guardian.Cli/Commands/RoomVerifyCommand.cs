using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using Guardian.Attestation.Statements;
using Guardian.CleanRoom.Analyses;
using Guardian.CleanRoom.Contract;
using Guardian.Cli.Rooms;
using Spectre.Console;

namespace Guardian.Cli.Commands;

/// <summary><c>guardian room verify</c>: checks what left a room, offline.</summary>
internal static class RoomVerifyCommand
{
    public static Command Create()
    {
        var statement = new Argument<string>("STATEMENT") { Description = "A signed answer, as 'ask --output' and 'lift --output' keep it." };
        var contract = new Option<string>("--contract") { Description = "The contract it was made under, room.yaml.", Required = true, HelpName = "FILE" };
        var receipts = new Option<string[]>("--receipt") { Description = "Receipt of an upload: the answer must be about that version of that data set; once for each.", HelpName = "FILE" };
        var command = new Command("verify", "Verify a signed answer offline: signature, quote, code, contract, and with receipts, the data.") { statement, contract, receipts };
        command.Runs((arguments, terminal) =>
        {
            var file = RoomFile.Load(arguments.GetRequiredValue(contract));
            file.RequireSigned();
            var bytes = File.ReadAllBytes(arguments.GetRequiredValue(statement));
            var answer = RoomQuestionCommands.ReadAnswer(bytes, file.Contract);
            var verified = RoomStatements.Verify(bytes, file.Contract, TimeProvider.System.GetUtcNow());
            var versions = (arguments.GetValue(receipts) ?? []).Select(path => CheckVersion(path, answer, file.Contract)).ToList();
            terminal.Show(
                new JsonObject
                {
                    ["verified"] = true,
                    ["versionsVerified"] = new JsonArray([.. versions.Select(name => (JsonNode)name)]),
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
                        .AddRow("data versions", string.Join(", ", answer.DataVersions.Select(version => $"{version.Key} {version.Value[..16]}…{(versions.Contains(version.Key) ? " (as received)" : "")}")))
                        .AddRow("rules", RoomView.Privacy(answer.MinimumAudience, answer.Epsilon)));
                    RoomView.ShowAnswer(people, answer);
                });
            return ExitCode.Done;
        });
        return command;
    }

    // A receipt is signed like an answer: it says which version of which data set the enclave took in.
    private static string CheckVersion(string path, Answer answer, RoomContract contract)
    {
        var verified = RoomStatements.Verify(File.ReadAllBytes(path), contract, TimeProvider.System.GetUtcNow());
        if (verified.Type != UploadReceipt.StatementType)
        {
            throw new CliException(ExitCode.Usage, "no-receipt", $"{path} is of type '{verified.Type}', not a receipt of an upload");
        }
        var receipt = JsonSerializer.Deserialize(verified.Payload.Span, AnswerJson.Default.UploadReceipt)!;
        var version = answer.DataVersions.GetValueOrDefault(receipt.DataSet);
        return version == receipt.Digest
            ? receipt.DataSet
            : throw new CliException(
                ExitCode.Refused, "other-version", $"not verified: the answer is about another version of '{receipt.DataSet}' than the receipt",
                [$"found {version ?? "none"}", $"expected {receipt.Digest}"]);
    }
}
