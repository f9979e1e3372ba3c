using System.Globalization;
using Guardian.Cli.Rooms;
using Guardian.Portal.Look;
using Guardian.Portal.Pages;
using Guardian.Portal.Serving;

namespace Guardian.Cli.Desk;

/// <summary>The pages on which members schedule questions, as <c>guardian room schedule</c> does.</summary>
internal sealed class SchedulePages(RoomDesk desk)
{
    /// <summary>Adds the pages.</summary>
    public void Map(PortalRoutes routes)
    {
        routes.Get("/rooms/{id}/schedules", request =>
        {
            var room = desk.Open(request.Route("id"));
            var now = TimeProvider.System.GetUtcNow();
            return PageResult.Page<SchedulesView, SchedulesModel>("Schedules", new SchedulesModel(
                room.Head("schedules"), room.Entry.Path,
                [.. RoomSchedule.Read(room.File.Hash).Select(question => Row(question, now))]));
        });
        routes.Post("/rooms/{id}/schedules/add", AddAsync);
        routes.Post("/rooms/{id}/schedules/remove", request =>
        {
            var room = desk.Open(request.Route("id"));
            using (var schedule = RoomSchedule.Open(room.File.Hash))
            {
                schedule.Remove(request.Field("name"));
            }
            return PageResult.Redirect(room.Url("/schedules"));
        });
        routes.Post("/rooms/{id}/schedules/run", Run);
    }

    private static ScheduleRow Row(ScheduledQuestion question, DateTimeOffset now) => new(
        question.Name, RoomView.Describe(question.Question), question.Days, question.Times,
        [.. question.Answers.Select(answer => (answer.From, answer.Entry))],
        question.FindNext(now) is not { } next ? "complete" : next <= now ? "due" : $"next from {Words.Instant(next)}",
        question.IsComplete);

    private async Task<PageResult> AddAsync(PageRequest request)
    {
        var room = desk.Open(request.Route("id"));
        var question = QuestionForm.Read(request);
        var added = await desk.UseAsync(room, client => ScheduleOrder.AddAsync(
            room.File, client,
            new ScheduledQuestion
            {
                Name = request.Field("name"), Question = question, Times = Number(request.Field("times")),
                Days = request.Field("every").Length == 0
                    ? ScheduledQuestion.FindDays(question, room.File.Contract)
                    : Number(request.Field("every")),
            }, request.Cancellation)).ConfigureAwait(false);
        return PageResult.Page<ScheduleAddedView, ScheduleAddedModel>("Scheduled", new ScheduleAddedModel(
            room.Head("schedules"), added.Name, added.Question, added.EveryDays, added.Times, [.. added.DescribePrice()]));
    }

    // A text that is no number is out of range too.
    private static int Number(string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0;

    private PageResult Run(PageRequest request)
    {
        var room = desk.Open(request.Route("id"));
        return desk.Jobs.Begin(
            "Ask what is due", room.Url("/schedules"),
            (onStep, end) => desk.UseAsync<IReadOnlyList<string>>(room, async client =>
            {
                using var schedule = RoomSchedule.Open(room.File.Hash);
                var outcomes = await new ScheduledAsking(room.File, client, schedule, TimeProvider.System.GetUtcNow())
                    .RunAsync(end, onStep).ConfigureAwait(false);
                return [.. outcomes.Select(outcome => $"{outcome.Name}: {outcome.Detail}").DefaultIfEmpty("Nothing is scheduled.")];
            }), desk.End);
    }
}
