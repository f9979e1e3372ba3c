using System.CommandLine;
using System.Text.Json.Nodes;
using Guardian.CleanRoom.Analyses;
using Guardian.CleanRoom.Client;
using Guardian.CleanRoom.Contract;
using Guardian.CleanRoom.Room;
using Guardian.Cli.Rooms;
using Spectre.Console;

namespace Guardian.Cli.Commands;

/// <summary><c>guardian room activate</c>: the list of matched persons, for the one member whom every owner agreed to.</summary>
internal static class RoomActivateCommand
{
    public static Command Create()
    {
        var room = new RoomArguments();
        var data = new Option<string>("--data") { Description = "Your file, by which entries become identifiers again; the one you uploaded.", Required = true, HelpName = "FILE" };
        var output = new Option<string>("--output") { Description = "The list to write, one identifier a line.", Required = true, HelpName = "FILE" };
        var where = RoomQuestionCommands.WhereOption();
        var command = new Command("activate", "Get the list of your own customers who matched, where every owner's rules allow it.") { data, output, where };
        room.AddTo(command);
        command.Runs((arguments, terminal, cancellation) => room.WithRoomAsync(arguments, terminal, async (file, client) =>
        {
            var design = file.Contract.Analyses.Activation
                ?? throw new CliException(ExitCode.Refused, "analysis-not-allowed", "the contract allows no activation list");
            var question = new Question { Kind = QuestionKind.Activation, Where = RoomQuestionCommands.ReadConditions(arguments, where) };
            var answer = RoomQuestionCommands.ReadAnswer(await client.AskAsync(question, cancellation).ConfigureAwait(false), file.Contract);
            var keys = await client.ReadKeysAsync(design.DataSet, cancellation).ConfigureAwait(false);
            var list = (ActivationResult)answer.Body;
            var wanted = list.Tags.Chunk(14).Select(Convert.ToHexStringLower).ToHashSet();
            var found = new ActivationList(file.Contract.FindDataSet(design.DataSet)!.Identifier, keys.MatchKey).Find(arguments.GetRequiredValue(data), wanted, cancellation);
            var path = arguments.GetRequiredValue(output);
            await File.WriteAllLinesAsync(path, found, cancellation).ConfigureAwait(false);
            terminal.Show(
                new JsonObject { ["persons"] = list.Persons, ["written"] = found.Count, ["file"] = path },
                people => people.WriteLine($"{Terminal.Number(list.Persons)} persons matched; {Terminal.Number(found.Count)} of your rows are in {path}"));
            return ExitCode.Done;
        }));
        return command;
    }
}
