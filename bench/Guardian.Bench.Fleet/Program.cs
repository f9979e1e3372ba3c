using System.Diagnostics;
using System.Globalization;
using Guardian.Bench.Fleet;
using Guardian.ComputeHost.Inventory;
using Guardian.Node.Publishing;
using Guardian.OpenStack.Compute;
using Guardian.OpenStack.Configuration;
using Guardian.OpenStack.Placement;
using Guardian.OpenStack.Session;
using Guardian.OpenStack.Setup;

// guardian-bench-fleet [HOSTS]: the publishing part of many daemons, each with a session of its own, against one pretended Placement on
// loopback. Counts the requests of their start, of two quiet minutes, and of an outage's end, and the time of `guardian cloud status`.
var hosts = args.Length > 0 ? int.Parse(args[0], CultureInfo.InvariantCulture) : 1000;
await using var cloud = new LargeCloud(hosts);
var keystone = await cloud.StartAsync();

var sessions = Enumerable.Range(0, hosts).Select(_ => Connect()).ToList();
using var end = new CancellationTokenSource();
var epc = new HostEpc(new Dictionary<int, long> { [0] = 4096, [1] = 4096 }, 128, HasFlc: true, HasSgx2: true, IsHealthy: true);
var loops = sessions.Select((session, i) => new InventoryLoop(
    new EpcPublisher(new PlacementClient(session), () => LargeCloud.Name(i)), () => epc, TimeProvider.System, _ => { })).ToList();
var running = Task.WhenAll(loops.Select(loop => Task.Run(() => loop.RunAsync(end.Token))));

await ReportAsync("all daemons start at once", 60);
cloud.ClaimOnSome();
await ReportAsync("a quarter of the hosts got a claim", 60);
await ReportAsync("nothing changes", 120);
cloud.IsAway = true;
await ReportAsync("Placement answers 503", 60);
cloud.IsAway = false;
await ReportAsync("Placement is back", 60);
var late = loops.Count(loop => loop.PublishedAt < DateTimeOffset.UtcNow - TimeSpan.FromSeconds(60));
Console.WriteLine($"{late} daemons have not published for a minute");
await end.CancelAsync();
await running;

using var administrator = Connect();
foreach (var milliseconds in (int[])[0, 20])
{
    cloud.ServiceTime = TimeSpan.FromMilliseconds(milliseconds);
    var (before, start) = (cloud.Requests, Stopwatch.GetTimestamp());
    var status = await new CloudStatus(new PlacementClient(administrator), new NovaClient(administrator)).ReadAsync();
    Console.WriteLine(string.Create(
        CultureInfo.InvariantCulture,
        $"cloud status of {status.Hosts.Count} hosts, {milliseconds} ms an answer: {cloud.Requests - before} requests, "
        + $"{Stopwatch.GetElapsedTime(start).TotalSeconds:F1} s"));
}
sessions.ForEach(session => session.Dispose());
return late == 0 ? 0 : 1;

CloudSession Connect() => new(
    new CloudSettings(new Dictionary<string, string>
    {
        ["auth_url"] = keystone,
        ["username"] = "bench",
        ["password"] = "bench",
        ["project_name"] = "bench",
    }), TimeProvider.System);

async Task ReportAsync(string phase, int seconds)
{
    var start = cloud.Requests;
    var (last, most) = (start, 0L);
    for (var i = 0; i < seconds; i++)
    {
        await Task.Delay(1000);
        var now = cloud.Requests;
        (most, last) = (Math.Max(most, now - last), now);
    }
    Console.WriteLine(string.Create(
        CultureInfo.InvariantCulture,
        $"{phase}: {last - start} requests in {seconds} s, {(last - start) / (double)seconds:F1} a second, {most} in the worst second"));
}
