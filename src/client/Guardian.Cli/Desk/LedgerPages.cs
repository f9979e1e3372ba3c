using Guardian.Cli.Rooms;
using Guardian.Portal.Look;
using Guardian.Portal.Pages;
using Guardian.Portal.Serving;

namespace Guardian.Cli.Desk;

/// <summary>The pages of a room's budgets and its log.</summary>
internal sealed class LedgerPages(RoomDesk desk)
{
    /// <summary>Adds the pages.</summary>
    public void Map(PortalRoutes routes)
    {
        routes.Get("/rooms/{id}/budget", async request =>
        {
            var room = desk.Open(request.Route("id"));
            var budget = await desk.UseAsync(room, client => client.ReadBudgetAsync(request.Cancellation)).ConfigureAwait(false);
            List<string> pinned =
            [
                .. room.File.Contract.DataSets.Where(dataSet => dataSet.PinnedDays is not null).Select(dataSet =>
                    $"{dataSet.Name} keeps one version for {dataSet.PinnedDays} days: the one of today counts until "
                    + $"{Words.Instant(dataSet.PinnedUntil(TimeProvider.System.GetUtcNow())!.Value)}, and its answers stay free. "
                    + "Ask again after that day for new figures."),
            ];
            return PageResult.Page<BudgetView, BudgetModel>("Budget", new BudgetModel(room.Head("budget"), budget, pinned));
        });
        routes.Get("/rooms/{id}/log", async request =>
        {
            var room = desk.Open(request.Route("id"));
            var log = await desk.UseAsync(room, client => client.ReadLogAsync(request.Cancellation)).ConfigureAwait(false);
            var problem = room.File.FindLogProblem(log.Entries);
            var note = problem is null && room.File.ReadHandOver() is { } handOver
                ? $"it continues the log of version {room.File.Contract.Version - 1}, which that room signed: {handOver.Entries} entries"
                : null;
            return PageResult.Page<LogView, LogModel>("Log", new LogModel(room.Head("log"), log.Entries, problem, note));
        });
    }
}
