using System.Text.Json;
using Guardian.Attestation.Statements;
using Guardian.CleanRoom.Analyses;
using Guardian.CleanRoom.Contract;
using Guardian.Cli.Failures;
using Guardian.Cli.Inputs;
using Guardian.Cli.Output;
using Guardian.Cli.Reports;
using Guardian.Cli.Rooms;

namespace Guardian.Cli.Commands.Rooms;

/// <summary>Verifies a signed answer, writes the files that the user asked for, and shows the answer.</summary>
/// <param name="Statement">File for the signed answer; null for none.</param>
/// <param name="Page">File for the report; null for none.</param>
/// <param name="Figures">File for the figures as CSV; null for none.</param>
/// <param name="Costs">The costs of the campaign, for a lift measurement; null for none.</param>
internal sealed record StatementOutput(
    string? Statement = null, string? Page = null, string? Figures = null, CampaignCosts? Costs = null)
{
    /// <summary>Checks the targets before a question is asked: its answer can cost budget.</summary>
    public StatementOutput RequireNew()
    {
        OutputFile.RequireNew(Statement, Page, Figures);
        return this;
    }

    /// <summary>Shows an answer, or the receipt of a question whose answer the user may not read.</summary>
    /// <returns>The command's exit code.</returns>
    public int Show(byte[] statement, RoomContract contract, Terminal terminal)
    {
        var verified = RoomStatements.Verify(statement, contract);
        if (Statement is not null)
        {
            OutputFile.Write(Statement, statement);
        }
        if (verified.Type == QuestionReceipt.StatementType)
        {
            var receipt = JsonSerializer.Deserialize(verified.Payload.Span, AnswerJson.Default.QuestionReceipt)!;
            terminal.Show(receipt, AnswerJson.Default.QuestionReceipt, people => people.WriteLine(
                $"asked; it is entry {receipt.Asked} of the log, and {string.Join(", ", contract.Roles.Receive)} may read the answer"));
            return ExitCode.Done;
        }
        var answer = RoomStatements.ReadResult(statement, contract);
        var named = AnswerLabels.Apply(answer, contract);
        if (Page is not null)
        {
            var costs = Costs is null ? null : Costs with { Revenue = AnswerLabels.NameOf(contract, Costs.Revenue) };
            OutputFile.Write(Page, new AnswerPage(named, verified) { Costs = costs }.Write());
        }
        if (Figures is not null)
        {
            OutputFile.Write(Figures, AnswerCsv.Write(answer.Body));
        }
        if (Costs is not null && answer.Body is LiftResult lift)
        {
            var result = new LiftReturnResult(
                JsonSerializer.SerializeToNode(answer, AnswerJson.Default.Answer)!, Costs.Currency, Costs.Revenue, Costs.Margin,
                LiftMoney.Of(lift, Costs));
            terminal.Show(result, RoomsJson.Default.LiftReturnResult, people =>
            {
                RoomView.ShowAnswer(people, named);
                LiftMoney.Show(people, lift, Costs);
            });
            return ExitCode.Done;
        }
        terminal.Show(answer, AnswerJson.Default.Answer, people => RoomView.ShowAnswer(people, named));
        return ExitCode.Done;
    }
}
