using System.Globalization;
using Guardian.CleanRoom.Analyses;
using Guardian.CleanRoom.Base;
using Guardian.CleanRoom.Client;
using Guardian.CleanRoom.Contract;
using Guardian.CleanRoom.Room;
using Guardian.Cli.Failures;
using Guardian.Cli.Output;
using Guardian.Refusals;

namespace Guardian.Cli.Rooms;

/// <summary>The outcome of a scheduled question.</summary>
/// <param name="Name">The question.</param>
/// <param name="State"><c>asked</c>, <c>withheld</c>, <c>asked-before</c>, <c>waiting</c>, <c>refused</c> or <c>complete</c>.</param>
/// <param name="Detail">The state in a sentence.</param>
/// <param name="Entry">The question's entry in the log of the room; null without an answer in this period.</param>
internal sealed record ScheduleOutcome(string Name, string State, string Detail, long? Entry);

/// <summary>
/// Asks the questions of a schedule that are due, once for each period. A crash between the question and its note spends nothing twice:
/// what the room charged stands in its log, behind the entry that was noted before the question.
/// </summary>
/// <param name="file">The contract.</param>
/// <param name="client">The room.</param>
/// <param name="schedule">The schedule, open for changes.</param>
/// <param name="now">The instant whose periods count.</param>
internal sealed class ScheduledAsking(RoomFile file, RoomClient client, RoomSchedule schedule, DateTimeOffset now)
{
    private readonly RoomContract contract = file.Contract;

    /// <summary>Asks what is due.</summary>
    /// <param name="onStep">Gets the share that is done, and the next question.</param>
    /// <exception cref="RefusedException">The room does not answer, or its log is broken.</exception>
    public async Task<IReadOnlyList<ScheduleOutcome>> RunAsync(
        CancellationToken cancellation, Action<double, string>? onStep = null)
    {
        List<ScheduleOutcome> outcomes = [];
        foreach (var (index, question) in schedule.Questions.Index())
        {
            onStep?.Invoke((double)index / schedule.Questions.Count, question.Name);
            outcomes.Add(question.Begun is null && Describe(question) is { } known
                ? known
                : await RunAsync(question, cancellation).ConfigureAwait(false));
        }
        return outcomes;
    }

    // Null when it is due.
    private ScheduleOutcome? Describe(ScheduledQuestion question) =>
        question.Answers.FirstOrDefault(answer => answer.From == question.FindPeriod(now)) is { } asked
            ? Outcome(
                question, "asked-before",
                $"entry {asked.Entry} of the log is its answer until {Format.Instant(asked.From.AddDays(question.Days))}", asked.Entry)
        : question.IsComplete
            ? Outcome(question, "complete", $"it has its {Format.Count(question.Times, "answer")}")
            : null;

    private async Task<ScheduleOutcome> RunAsync(ScheduledQuestion question, CancellationToken cancellation)
    {
        var room = await client.DescribeAsync(cancellation).ConfigureAwait(false);
        var log = await client.ReadLogAsync(cancellation).ConfigureAwait(false);
        if (file.FindLogProblem(log.Entries) is { } problem)
        {
            throw CliReasons.BadRoomLog.Refuse(problem);
        }
        var history = new RoomHistory(log.Entries);

        // Step 1: an earlier run may have ended between its question and its note.
        if (question.Begun is { } begun)
        {
            question = history.FindAsked(room.Member, question.Question, begun.After) is { } late
                ? question.With(begun.From, late)
                : question with { Begun = null };
            schedule.Replace(question);
            if (Describe(question) is { } known)
            {
                return known;
            }
        }

        // Step 2: the member may have asked by hand.
        var from = question.FindPeriod(now);
        if (history.FindCharged(room.Member, question.Question, from, from.AddDays(question.Days)) is { } own)
        {
            schedule.Replace(question.With(from, own));
            return Outcome(question, "asked-before", $"you asked it yourself: entry {own} of the log", own);
        }

        // Step 3: the versions of this period must be there, and the room must be willing.
        if (FindOld(contract, question.Question, history, now) is { } old)
        {
            return Outcome(question, "waiting", $"{old} has no version of its present period yet");
        }
        var budget = await client.ReadBudgetAsync(cancellation).ConfigureAwait(false);
        var forecast = QuestionForecast.Of(contract, room.Member, question.Question, new PublicFacts(room, budget, log));
        if (forecast.Refusal is { } code)
        {
            return Outcome(question, code == RoomReasons.DataMissing.Code ? "waiting" : "refused", forecast.Detail!);
        }
        if (forecast.RepeatsEntry is { } same && history.IsAnswered(same))
        {
            return Outcome(question, "waiting", $"no data set has changed since entry {same} of the log answered it");
        }

        // Step 4: note, ask, note.
        schedule.Replace(question with { Begun = new BegunPeriod(from, history.Head) });
        return await AskAsync(question, room.Member, from, history.Head, cancellation).ConfigureAwait(false);
    }

    private async Task<ScheduleOutcome> AskAsync(
        ScheduledQuestion question, string member, DateTimeOffset from, long after, CancellationToken cancellation)
    {
        byte[] statement;
        try
        {
            statement = await client.AskAsync(question.Question, cancellation).ConfigureAwait(false);
        }
        catch (RefusedException failure) when (failure.Refusal.Kind != RefusalKind.Unavailable)
        {
            return Outcome(question, "refused", failure.Refusal.Detail);
        }
        var verified = RoomStatements.Verify(statement, contract);
        var isWithheld = verified.Type == Answer.StatementType
            && RoomStatements.ReadAnswer(statement, contract).Body is WithheldResult;
        var log = await client.ReadLogAsync(cancellation).ConfigureAwait(false);
        var entry = new RoomHistory(log.Entries).FindAsked(member, question.Question, after)
            ?? throw CliReasons.BadRoomLog.Refuse("the log of the room does not have the question that it answered");
        schedule.Replace(question.With(from, entry));
        return Outcome(
            question, isWithheld ? "withheld" : "asked",
            string.Create(
                CultureInfo.InvariantCulture,
                $"{(isWithheld ? "it was asked, and the answer is withheld" : "it was asked")}: entry {entry} of the log, answer "
                + $"{question.Answers.Count + 1} of {question.Times}"), entry);
    }

    /// <summary>Finds a data set of a question that pins versions and does not have the one of the present period: a figure of a period is
    /// about that period's versions.</summary>
    /// <returns>Its name; null when there is none, or it was never uploaded.</returns>
    internal static string? FindOld(RoomContract contract, Question question, RoomHistory history, DateTimeOffset now) => contract.DataSets
        .Where(dataSet => dataSet.PinnedDays is not null && RoomView.DataSetsOf(question, contract).Contains(dataSet.Name))
        .FirstOrDefault(dataSet => history.FindUpload(dataSet.Name) is { } made && dataSet.PinnedUntil(made) != dataSet.PinnedUntil(now))
        ?.Name;

    private static ScheduleOutcome Outcome(ScheduledQuestion question, string state, string detail, long? entry = null) =>
        new(question.Name, state, detail, entry);
}
