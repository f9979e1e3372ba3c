using System.Diagnostics;
using System.Globalization;
using Guardian.Bench.Relay;
using Guardian.ComputeHost.Machine;
using Guardian.Libvirt.Rpc;
using Guardian.Node.Definitions;

// guardian-bench-relay [ROUNDS [GUESTS]]: makes the same calls to the same libvirtd directly and through the relay, in turn, measures the
// relay's memory over many guests, and the waits of plain calls while Placement hangs. With ROUNDS 0, only the last.
var rounds = args.Length > 0 ? int.Parse(args[0], CultureInfo.InvariantCulture) : 30;
var guests = args.Length > 1 ? int.Parse(args[1], CultureInfo.InvariantCulture) : 10_000;
const int Reads = 500;
// libvirtd handles five calls of one client at a time (max_client_requests).
const int UnderWay = 5;

var repository = new DirectoryInfo(AppContext.BaseDirectory);
while (!File.Exists(Path.Combine(repository!.FullName, "Guardian.slnx")))
{
    repository = repository.Parent;
}
if (rounds == 0)
{
    return Outage.Run(repository.FullName) ? 0 : 1;
}
using var programs = new Programs(repository.FullName);
using var direct = new BenchClient(programs.Direct);
using var relayed = new BenchClient(programs.Relayed);

var uuid = Guid.Parse("5f9c3d6e-6f0c-4c4e-9f3f-2f5f5a3b7c11");
var nova = Definition.Nova(uuid);
relayed.Call(RemoteProcedure.DomainDefineXml, Xml(nova));
// The direct client defines the relay's result, so that libvirtd has the same work.
var rules = new GuestRules { Sections = [new EpcSection(0, 65_536), new EpcSection(1, 65_536)] };
var complete = (await new GuestRewriter(new NoClaims(), rules).RewriteAsync(nova)).Value!.Xml!;
var guest = new GuestName(Definition.Name(uuid), uuid, -1);
var read = guest.WriteTo(new XdrWriter()).WriteUInt32(0).ToArray();

// Warm up: fill libvirt's caches, and let the runtime compile the relay, which it does in the background after a tenth of a second without
// new calls.
for (var i = 0; i < 1000; i++)
{
    relayed.Call(RemoteProcedure.DomainDefineXml, Xml(nova));
    direct.Call(RemoteProcedure.DomainDefineXml, Xml(complete));
    if (i % 200 == 0)
    {
        await Task.Delay(500);
    }
}
relayed.Stream(RemoteProcedure.DomainGetXmlDesc, read, 5_000, UnderWay);
direct.Stream(RemoteProcedure.DomainGetXmlDesc, read, 5_000, UnderWay);

var isMet = Compare(
    "define, one after the other", 1.05, 20,
    () => direct.Stream(RemoteProcedure.DomainDefineXml, Xml(complete), 20, 1),
    () => relayed.Stream(RemoteProcedure.DomainDefineXml, Xml(nova), 20, 1));
isMet &= Compare(
    "read XML, five under way", 1.02, Reads,
    () => direct.Stream(RemoteProcedure.DomainGetXmlDesc, read, Reads, UnderWay),
    () => relayed.Stream(RemoteProcedure.DomainGetXmlDesc, read, Reads, UnderWay));
Compare(
    "read XML, one after the other", null, Reads,
    () => direct.Stream(RemoteProcedure.DomainGetXmlDesc, read, Reads, 1),
    () => relayed.Stream(RemoteProcedure.DomainGetXmlDesc, read, Reads, 1));

// Many guests come and go; leftovers of them in the relay would show.
double early = 0;
for (var i = 1; i <= guests; i++)
{
    var instance = new Guid(i, 0, 0, [1, 2, 3, 4, 5, 6, 7, 8]);
    relayed.Call(RemoteProcedure.DomainDefineXml, Xml(Definition.Nova(instance)));
    relayed.Call((RemoteProcedure)35, new GuestName(Definition.Name(instance), instance, -1).WriteTo(new XdrWriter()).ToArray());
    if (i == guests / 5)
    {
        early = programs.NodeMemory;
    }
}
var late = programs.NodeMemory;
var isFlat = late <= early * 1.05;
Console.WriteLine(string.Create(
    CultureInfo.InvariantCulture,
    $"{guests} guests defined and undefined: {early:F1} MiB after a fifth, {late:F1} MiB at the end; at most 5 % more: {Verdict(isFlat)}"));
return Outage.Run(repository.FullName) && isMet && isFlat ? 0 : 1;

bool Compare(string workload, double? atMost, int calls, Action one, Action other)
{
    var (ones, others, ratios, costs) = (new List<double>(), new List<double>(), new List<double>(), new List<double>());
    for (var i = 0; i < rounds; i++)
    {
        ones.Add(Time(one) / calls);
        var before = programs.NodeProcessorTime;
        others.Add(Time(other) / calls);
        costs.Add((programs.NodeProcessorTime - before) / calls);
        ratios.Add(others[^1] / ones[^1]);
    }
    var ratio = Median(ratios);
    var goal = atMost is { } limit ? string.Create(CultureInfo.InvariantCulture, $", at most {limit}: {Verdict(ratio <= limit)}") : "";
    Console.WriteLine(string.Create(
        CultureInfo.InvariantCulture,
        $"{workload,-32} direct {Median(ones),8:F1} us, relayed {Median(others),8:F1} us a call, "
        + $"{Median(costs),5:F1} us of them on a processor in the relay, ratio {ratio:F3}{goal}"));
    return atMost is null || ratio <= atMost;
}

static double Time(Action work)
{
    var start = Stopwatch.GetTimestamp();
    work();
    return Stopwatch.GetElapsedTime(start).TotalMicroseconds;
}

static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);

static string Verdict(bool isMet) => isMet ? "met" : "NOT MET";

static byte[] Xml(string xml) => new XdrWriter().WriteString(xml).ToArray();
