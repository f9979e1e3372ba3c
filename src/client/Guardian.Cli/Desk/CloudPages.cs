using System.CommandLine;
using System.Globalization;
using Guardian.Cli.Commands.Cloud;
using Guardian.Cli.Commands.Quotes;
using Guardian.Cli.Options;
using Guardian.Cli.Output;
using Guardian.OpenStack;
using Guardian.OpenStack.Compute;
using Guardian.OpenStack.Placement;
using Guardian.OpenStack.Session;
using Guardian.OpenStack.Setup;
using Guardian.Portal.Pages;
using Guardian.Portal.Serving;
using Guardian.Refusals;

namespace Guardian.Cli.Desk;

/// <summary>The pages of a cloud's operator, and of a project that looks at its own usage.</summary>
internal static class CloudPages
{
    private const int Weeks = 4;

    /// <summary>Adds the pages.</summary>
    public static void Map(PortalRoutes routes)
    {
        routes.Get("/cloud", ShowAsync);
        routes.Get("/cloud/usage", ShowUsageAsync);
        routes.Get("/cloud/forecast", ShowForecast);
    }

    private static async Task<PageResult> ShowAsync(PageRequest request)
    {
        var cloud = request.Query("cloud");
        if (request.Query("show").Length == 0)
        {
            return PageResult.Page<CloudView, CloudModel>("Cloud", new CloudModel { Cloud = cloud }, "cloud");
        }
        using var session = Connect(cloud);
        var status = CloudStatusResult.Of(await new CloudStatus(new PlacementClient(session), new NovaClient(session))
            .ReadAsync(request.Cancellation).ConfigureAwait(false));
        return PageResult.Page<CloudView, CloudModel>("Cloud", new CloudModel
        {
            Cloud = cloud,
            Hosts =
            [
                .. status.Hosts.Select(host => new HostRow(
                    host.Host, host.State is "up" or "disabled", host.Healthy, host.TotalMebibytes, host.ReservedMebibytes,
                    host.ClaimedMebibytes, host.FreeMebibytes, host.LargestFreeMebibytes, host.Guests)),
            ],
            Drift = [.. status.Drift.Select(Describe)],
            Leftovers = [.. status.Leftovers.Select(Describe)],
        }, "cloud");
    }

    private static async Task<PageResult> ShowUsageAsync(PageRequest request)
    {
        var (cloud, journals) = (request.Query("cloud"), request.Query("journal").Trim());
        List<(string, IReadOnlyList<UsageRow>)> weeks = [];
        using var notes = new StringWriter();
        if (request.Query("show").Length > 0)
        {
            using var session = Connect(cloud);
            var end = new DateTimeOffset(TimeProvider.System.GetUtcNow().UtcDateTime.Date, TimeSpan.Zero).AddDays(1);
            for (var week = Weeks; week > 0; week--)
            {
                var start = end.AddDays(-7 * week);
                weeks.Add((Day(start), await ReadAsync(session, start, start.AddDays(7), journals, notes, request.Cancellation)
                    .ConfigureAwait(false)));
            }
        }
        var remarks = notes.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => line.Replace("guardian: ", "", StringComparison.Ordinal)).Distinct();
        return PageResult.Page<UsageView, UsageModel>("Usage", new UsageModel(cloud, journals, weeks, [.. remarks]), "cloud");
    }

    // As 'guardian usage list' counts; a project that may not list all of them sees its own, as 'guardian usage show'.
    private static async Task<IReadOnlyList<UsageRow>> ReadAsync(
        CloudSession session, DateTimeOffset start, DateTimeOffset end, string journals, StringWriter notes,
        CancellationToken cancellation)
    {
        var options = new UsageOptions();
        var command = new Command("usage");
        foreach (var option in options.All)
        {
            command.Options.Add(option);
        }
        var arguments = command.Parse([
            "--start", Day(start), "--end", Day(end), .. journals.Length == 0 ? [] : new[] { "--journal", journals }]);
        var reader = new UsageReader(options, arguments, new Terminal(json: true, TextWriter.Null, notes), session, cancellation);
        try
        {
            var (usages, names) = await reader.ReadAllAsync().ConfigureAwait(false);
            return [.. usages.Select(usage => Row(usage, names.GetValueOrDefault(usage.Project, usage.Project)))];
        }
        catch (RefusedException failure) when (failure.Refusal.Reason == CloudReasons.Forbidden)
        {
            var own = await reader.ReadProjectAsync(null).ConfigureAwait(false);
            return [Row(own, own.Project)];
        }
    }

    private static UsageRow Row(UsageResult usage, string name) =>
        new(name, usage.EpcMebibyteHours, usage.CpuHours, usage.RamMebibyteHours, usage.Servers)
        {
            PerServer =
            [
                .. usage.PerServer.Select(server => new ServerRow(
                    server.Server.ToString(), server.Name, server.Flavor, server.EpcMebibyteHours)),
            ],
        };

    // As 'guardian quote forecast' reads them.
    private static PageResult ShowForecast(PageRequest request)
    {
        var (hosts, store, root) = (request.Query("hosts").Trim(), request.Query("store").Trim(), request.Query("root").Trim());
        var model = new TcbForecastModel(request.Query("cloud"), hosts, store, root, null, []);
        if (hosts.Length > 0)
        {
            var result = QuoteForecastResult.Read(
                [hosts], store.Length == 0 ? null : store, root.Length == 0 ? null : root, at: null);
            model = model with
            {
                Line = result.Describe(),
                Hosts =
                [
                    .. result.Forecasts.Select(host => new HostForecastRow(
                        host.Host, host.Fmspc ?? "", host.Now ?? "unknown", host.Next ?? "unknown", host.BecomesWorse,
                        host.Problem is { } problem ? [problem] : [.. host.Shortfall, .. host.Remedies])),
                ],
            };
        }
        return PageResult.Page<TcbForecastView, TcbForecastModel>("TCB forecast", model, "cloud");
    }

    private static string Day(DateTimeOffset instant) => instant.UtcDateTime.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    private static string Describe(DriftResult item) =>
        $"{item.Consumer} on {item.Host ?? "an unknown host"}: claimed {item.ClaimedMebibytes} MiB, expected {item.ExpectedMebibytes} MiB: "
        + item.Problem;

    private static CloudSession Connect(string cloud) => CloudOptions.Connect(cloud.Length == 0 ? null : cloud);
}
