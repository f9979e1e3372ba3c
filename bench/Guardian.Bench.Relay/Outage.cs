using System.Diagnostics;
using System.Globalization;
using Guardian.Libvirt.Rpc;

namespace Guardian.Bench.Relay;

/// <summary>
/// Measures the waits of plain calls while Placement hangs and fifty new servers wait for it, all on one connection, as nova-compute has
/// it.
/// </summary>
internal static class Outage
{
    private const int NewServers = 50;
    private const double MostMilliseconds = 50;

    /// <summary>Measures and prints.</summary>
    /// <param name="repository">The folder of the repository.</param>
    /// <returns>Whether no plain call waited longer for the relay than its bound.</returns>
    public static bool Run(string repository)
    {
        using var cloud = new SilentCloud();
        using var programs = new Programs(repository, cloud.Address);
        using var nova = new BenchClient(programs.Relayed);
        var uuid = Guid.NewGuid();
        var plain = Definition.Plain(uuid);
        var read = new GuestName(Definition.Name(uuid), uuid, -1).WriteTo(new XdrWriter()).WriteUInt32(0).ToArray();

        // The host learns that the server is plain, and the runtime compiles the relay.
        for (var i = 0; i < 300; i++)
        {
            nova.Call(RemoteProcedure.DomainDefineXml, Xml(plain));
            nova.Call(RemoteProcedure.DomainGetXmlDesc, read);
        }
        var isMet = Measure("Placement answers", 100, nova, plain, read);

        // The lookups have ten seconds; the calls here take four.
        cloud.IsSilent = true;
        for (var i = 0; i < NewServers; i++)
        {
            nova.Send(RemoteProcedure.DomainDefineXml, Xml(Definition.Plain(Guid.NewGuid())));
        }
        isMet &= Measure("Placement hangs, fifty wait", 60, nova, plain, read);
        for (var i = 0; i < NewServers; i++)
        {
            nova.ReceiveAny();
        }
        isMet &= Measure("Placement was found to hang", 100, nova, plain, read);
        using var direct = new BenchClient(programs.Direct);
        Measure("directly", 100, direct, plain, read, isBound: false);
        return isMet;
    }

    private static bool Measure(string state, int calls, BenchClient nova, string plain, byte[] read, bool isBound = true)
    {
        var (reads, defines) = (new List<double>(), new List<double>());
        for (var i = 0; i < calls; i++)
        {
            reads.Add(Time(() => nova.Call(RemoteProcedure.DomainGetXmlDesc, read)));
            defines.Add(Time(() => nova.Call(RemoteProcedure.DomainDefineXml, Xml(plain))));
        }
        return Print($"read XML, {state}", reads, isBound) & Print($"define known plain, {state}", defines, isBound);
    }

    private static bool Print(string workload, List<double> milliseconds, bool isBound)
    {
        var sorted = milliseconds.Order().ToList();
        var (median, late, last) = (sorted[sorted.Count / 2], sorted[sorted.Count * 95 / 100], sorted[sorted.Count * 99 / 100]);
        var isMet = late <= MostMilliseconds || !isBound;
        var verdict = isBound ? $", 95th at most {MostMilliseconds:F0}: {(isMet ? "met" : "NOT MET")}" : "";
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{workload,-48} median {median,6:F1}, 95th percentile {late,6:F1}, 99th {last,6:F1}, longest {sorted[^1],6:F1} ms{verdict}"));
        return isMet;
    }

    private static double Time(Action call)
    {
        var start = Stopwatch.GetTimestamp();
        call();
        return Stopwatch.GetElapsedTime(start).TotalMilliseconds;
    }

    private static byte[] Xml(string xml) => new XdrWriter().WriteString(xml).ToArray();
}
