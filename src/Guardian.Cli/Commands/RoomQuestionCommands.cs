using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using Guardian.Attestation;
using Guardian.CleanRoom;
using Guardian.CleanRoom.Client;

namespace Guardian.Cli;

/// <summary><c>guardian room ask</c> and <c>guardian room lift</c>.</summary>
internal static class RoomQuestionCommands
{
    private static readonly Dictionary<string, QuestionKind> Kinds = new() { ["overlap"] = QuestionKind.Overlap, ["crosstab"] = QuestionKind.Crosstab };

    public static Command CreateAsk()
    {
        var kind = new Argument<string>("KIND") { Description = "overlap or crosstab." };
        kind.AcceptOnlyFromAmong([.. Kinds.Keys]);
        var by = new Option<string[]>("--by") { Description = "Column of a crosstab, dataset.column; once or twice.", HelpName = "COLUMN" };
        return Create("ask", "Count matched persons: all, filtered, or by the values of columns.", [kind], [by], arguments => new Question
        {
            Kind = Kinds[arguments.GetRequiredValue(kind)],
            By = arguments.GetValue(by) ?? [],
        });
    }

    public static Command CreateLift() => Create(
        "lift", "Measure the campaign's effect, as the contract designed it.", [], [], _ => new Question { Kind = QuestionKind.Lift });

    private static Command Create(string name, string description, Argument[] own, Option[] options, Func<ParseResult, Question> read)
    {
        var room = new RoomArguments();
        var where = new Option<string[]>("--where")
        {
            Description = "Condition, such as \"customers.history >= 100\" or \"customers.zip_code in Urban, Rural\"; all must hold.",
            HelpName = "CONDITION",
        };
        var output = new Option<string?>("--output") { Description = "Also keep the signed answer, for 'guardian room verify'.", HelpName = "FILE" };
        var command = new Command(name, description);
        room.AddTo(command);
        foreach (var argument in own)
        {
            command.Arguments.Add(argument);
        }
        foreach (var option in options)
        {
            command.Options.Add(option);
        }
        command.Options.Add(where);
        command.Options.Add(output);
        command.Runs((arguments, terminal, cancellation) => room.WithRoomAsync(arguments, terminal, async (file, client) =>
        {
            var question = read(arguments) with { Where = [.. (arguments.GetValue(where) ?? []).Select(ReadCondition)] };
            var statement = await client.AskAsync(question, cancellation).ConfigureAwait(false);
            var answer = ReadAnswer(statement, file.Contract);
            if (arguments.GetValue(output) is { } path)
            {
                await File.WriteAllBytesAsync(path, statement, cancellation).ConfigureAwait(false);
            }
            terminal.Show(ToJson(answer), people => RoomView.ShowAnswer(people, answer));
            return ExitCode.Done;
        }));
        return command;
    }

    /// <summary>Verifies a signed answer down to the quote and reads it; the connection was verified too, but a statement has to stand on its own.</summary>
    public static Answer ReadAnswer(byte[] statement, RoomContract contract)
    {
        var verdict = RoomStatements.Verify(statement, contract, TimeProvider.System.GetUtcNow());
        return verdict.Type == Answer.StatementType
            ? JsonSerializer.Deserialize(verdict.Payload.Span, AnswerJson.Default.Answer)!
            : throw new CliException(ExitCode.Refused, "no-answer", $"the statement is of type '{verdict.Type}', not an answer");
    }

    public static JsonObject ToJson(Answer answer) => JsonSerializer.SerializeToNode(answer, AnswerJson.Default.Answer)!.AsObject();

    private static Condition ReadCondition(string text) => ConditionText.TryRead(text, out var problem)
        ?? throw new CliException(ExitCode.Usage, "bad-condition", problem!, hint: "for example: --where \"customers.zip_code = Urban\"");
}
