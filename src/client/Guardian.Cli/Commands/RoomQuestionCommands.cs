using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using Guardian.Attestation.Statements;
using Guardian.CleanRoom.Analyses;
using Guardian.CleanRoom.Contract;
using Guardian.Cli.Rooms;
using Spectre.Console;

namespace Guardian.Cli.Commands;

/// <summary><c>guardian room ask</c> and <c>guardian room lift</c>.</summary>
internal static class RoomQuestionCommands
{
    private static readonly Dictionary<string, QuestionKind> Kinds = new()
    {
        ["overlap"] = QuestionKind.Overlap, ["crosstab"] = QuestionKind.Crosstab, ["sum"] = QuestionKind.Sum, ["reach"] = QuestionKind.Reach,
    };

    public static Command CreateAsk()
    {
        var kind = new Argument<string>("KIND") { Description = "overlap, crosstab, sum or reach." };
        kind.AcceptOnlyFromAmong([.. Kinds.Keys]);
        var by = new Option<string[]>("--by") { Description = "Column of a crosstab, dataset.column; once or twice.", HelpName = "COLUMN" };
        var of = new Option<string?>("--of") { Description = "Column of a sum, dataset.column.", HelpName = "COLUMN" };
        var dataSets = new Option<string[]>("--dataset") { Description = "Data set that persons must be in; at least twice. Without it, all of the room's.", HelpName = "NAME" };
        return Create("ask", "Count matched persons: all, filtered, or by the values of columns; sum what they spent; or how often they were reached.", [kind], [by, of, dataSets], arguments => new Question
        {
            Kind = Kinds[arguments.GetRequiredValue(kind)],
            By = arguments.GetValue(by) ?? [],
            Column = arguments.GetValue(of),
            DataSets = arguments.GetValue(dataSets) ?? [],
        });
    }

    public static Command CreateLift() => Create(
        "lift", "Measure the campaign's effect, as the contract designed it.", [], [], _ => new Question { Kind = QuestionKind.Lift });

    /// <summary>The conditions of a question.</summary>
    public static Option<string[]> WhereOption() => new("--where")
    {
        Description = "Condition, such as \"customers.history >= 100 and not customers.zip_code in Urban, Rural\"; all must hold.",
        HelpName = "CONDITION",
    };

    /// <summary>Reads them.</summary>
    public static IReadOnlyList<Condition> ReadConditions(ParseResult arguments, Option<string[]> where) => [.. (arguments.GetValue(where) ?? []).Select(ReadCondition)];

    private static Command Create(string name, string description, Argument[] own, Option[] options, Func<ParseResult, Question> read)
    {
        var room = new RoomArguments();
        var where = WhereOption();
        var output = new Option<string?>("--output") { Description = "Also keep the signed answer, for 'guardian room verify'.", HelpName = "FILE" };
        var html = new Option<string?>("--html") { Description = "Also write a report as one self-contained page.", HelpName = "FILE" };
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
        command.Options.Add(html);
        command.Runs((arguments, terminal, cancellation) => room.WithRoomAsync(arguments, terminal, async (file, client) =>
        {
            var question = read(arguments) with { Where = ReadConditions(arguments, where) };
            var statement = await client.AskAsync(question, cancellation).ConfigureAwait(false);
            return await ShowAsync(statement, file.Contract, terminal, arguments.GetValue(output), arguments.GetValue(html), cancellation).ConfigureAwait(false);
        }));
        return command;
    }

    /// <summary>Verifies a statement, keeps it where that was asked for, and shows it.</summary>
    public static async Task<int> ShowAsync(byte[] statement, RoomContract contract, Terminal terminal, string? output, string? html, CancellationToken cancellation)
    {
        var verdict = RoomStatements.Verify(statement, contract, TimeProvider.System.GetUtcNow());
        if (output is not null)
        {
            await File.WriteAllBytesAsync(output, statement, cancellation).ConfigureAwait(false);
        }
        if (verdict.Type == QuestionReceipt.StatementType)
        {
            var receipt = JsonSerializer.Deserialize(verdict.Payload.Span, AnswerJson.Default.QuestionReceipt)!;
            terminal.Show(
                JsonSerializer.SerializeToNode(receipt, AnswerJson.Default.QuestionReceipt)!.AsObject(),
                people => people.WriteLine($"asked; it is entry {receipt.Asked} of the log, and {string.Join(", ", contract.Roles.Receive)} may read the answer"));
            return ExitCode.Done;
        }
        var answer = ReadAnswer(statement, contract);
        if (html is not null)
        {
            await File.WriteAllTextAsync(html, new AnswerPage(answer, verdict).Write(), cancellation).ConfigureAwait(false);
        }
        terminal.Show(ToJson(answer), people => RoomView.ShowAnswer(people, answer));
        return ExitCode.Done;
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
