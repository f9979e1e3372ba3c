using Guardian.Cli.Commands.Programs;
using Guardian.Cli.Failures;
using Guardian.Cli.Inputs;
using Guardian.Cli.Output;
using Guardian.Portal.Pages;
using Guardian.Portal.Serving;
using Guardian.Wasi;

namespace Guardian.Cli.Desk;

/// <summary>The pages on which tenants start programs and follow encrypted logs.</summary>
internal sealed class RunPages(RoomDesk desk, CasDesk cas)
{
    private const int MaxFiles = 200;
    private const int RefreshSeconds = 2;

    /// <summary>Adds the pages.</summary>
    public void Map(PortalRoutes routes)
    {
        routes.Post("/programs/start", StartAsync);
        routes.Post("/programs/end", End);
        routes.Post("/programs/follow", FollowAsync);
        routes.Get("/programs/follow/{id}", Show);
    }

    /// <summary>A program for people.</summary>
    public static StartedRow Row(StartedProgram program) => new(
        program.Id, $"{program.Order.Session}/{program.Order.Service}", program.Order.Program, program.Log, program.IsRunning,
        program.ExitStatus, program.ExitStatus switch
        {
            null => "running",
            0 => "ended well",
            GuestOutcome.OwnFailure => "could not be run",
            126 => "is no program",
            134 => "trapped",
            137 => "over its limits, or killed",
            130 or 143 => "was ended",
            _ => "ended",
        });

    private async Task<PageResult> StartAsync(PageRequest request)
    {
        var now = cas.Now ?? throw CliReasons.Usage.Refuse("no CAS is chosen", "choose one on the page of programs");
        var order = new ProgramOrder(
            request.Field("session"), request.Field("service"), now.Word, now.Target.Trusted is null ? Platforms.Name(now.Platform) : null,
            request.Field("program"), request.Field("kind") == "image",
            [.. request.Text("arguments").Split('\n').Where(line => line.Length > 0)]);
        var key = await ReadStreamKeyAsync(order.Session, order.Service, request).ConfigureAwait(false);
        var program = desk.Started.Start(order);
        return Open(new FollowedLog($"{order.Session}/{order.Service}", program.Log, key, program));
    }

    private PageResult End(PageRequest request)
    {
        desk.Started.Find(request.Field("id")).End();
        return PageResult.Redirect("/programs");
    }

    private async Task<PageResult> FollowAsync(PageRequest request)
    {
        if (request.Field("id") is { Length: > 0 } id)
        {
            var program = desk.Started.Find(id);
            var own = await ReadStreamKeyAsync(program.Order.Session, program.Order.Service, request).ConfigureAwait(false);
            return Open(new FollowedLog($"{program.Order.Session}/{program.Order.Service}", program.Log, own, program));
        }
        var (name, service, path) = (request.Field("session"), request.Field("service"), request.Field("path"));
        if (Directory.Exists(path))
        {
            return PageResult.Page<LogFolderView, LogFolderModel>(
                "Logs", new LogFolderModel(name, service, path, ListFiles(path)), "programs");
        }
        var key = await cas.UseAsync(client => client.ReadStdioKeyAsync(name, service, request.Cancellation)).ConfigureAwait(false);
        return Open(new FollowedLog($"{name}/{service}", path, key, null));
    }

    private static IReadOnlyList<LogFileRow> ListFiles(string folder) =>
    [
        .. InputFile.Use(folder, () => new DirectoryInfo(folder).GetFiles()).OrderByDescending(file => file.LastWriteTimeUtc)
            .Take(MaxFiles).Select(file => new LogFileRow(file.FullName, file.Name, file.Exists ? file.Length : 0, file.LastWriteTimeUtc)),
    ];

    // Without a key, lines that are not encrypted can still be read.
    private Task<byte[]?> ReadStreamKeyAsync(string session, string service, PageRequest request) =>
        cas.UseAsync(client => CasDesk.TryAsync(client.ReadStdioKeyAsync(session, service, request.Cancellation)));

    private PageResult Open(FollowedLog log) => PageResult.Redirect($"/programs/follow/{desk.Logs.Add(log).Id}");

    private PageResult Show(PageRequest request)
    {
        var model = desk.Logs.Find(request.Route("id")).Read(request.Query("still").Length > 0);
        return PageResult.Page<FollowView, FollowModel>("Log", model, "programs", refresh: model.IsLive ? RefreshSeconds : null);
    }
}
