using System.Globalization;
using System.Text.Json.Nodes;

namespace Guardian.Metering;

/// <summary>Writes EPC as CloudKitty takes it at <c>POST /v2/dataframes</c>: a frame for each hour, a point for each server.</summary>
public static class Dataframes
{
    /// <summary>The metric's name, which CloudKitty's <c>metrics.yml</c> must define.</summary>
    public const string Metric = "guardian_epc";

    private static readonly TimeSpan Period = TimeSpan.FromHours(1);

    /// <summary>Writes the frames of a period. Its ends are rounded outwards to whole hours, and hours without EPC are left out.</summary>
    /// <param name="timelines">The servers' times from the journals; running guests count.</param>
    /// <param name="start">The period's start.</param>
    /// <param name="end">The period's end, not included.</param>
    /// <returns>The parts of one line of JSON. A year is long, so each part is made when the caller asks for it.</returns>
    public static IEnumerable<string> Write(IEnumerable<InstanceTimeline> timelines, DateTimeOffset start, DateTimeOffset end)
    {
        yield return "{\"dataframes\":[";
        var separator = "";
        foreach (var frame in List(timelines, start, end))
        {
            yield return separator + frame.ToJsonString();
            separator = ",";
        }
        yield return "]}";
    }

    private static IEnumerable<JsonObject> List(IEnumerable<InstanceTimeline> timelines, DateTimeOffset start, DateTimeOffset end)
    {
        // In the order in which they begin, and those that have begun in the order of their identifiers.
        var later = new Queue<InstanceTimeline>(
            timelines.Where(timeline => timeline.Running.Count > 0).OrderBy(timeline => timeline.Running.Min(interval => interval.Start)));
        var begun = new SortedDictionary<Guid, InstanceTimeline>();
        var hour = new DateTimeOffset(start.UtcTicks - (start.UtcTicks % Period.Ticks), TimeSpan.Zero);
        for (; hour < end; hour += Period)
        {
            while (later.TryPeek(out var next) && next.Running.Min(interval => interval.Start) < (hour + Period).ToUnixTimeMilliseconds())
            {
                begun.Add(next.Instance, later.Dequeue());
            }
            var points = begun.Values.Select(timeline => (Timeline: timeline, Quantity: EpcUsage.SumRunning(timeline, hour, hour + Period)))
                .Where(point => point.Quantity > 0).ToList();
            if (points.Count > 0)
            {
                var metric = new JsonArray([.. points.Select(point => MakePoint(point.Timeline, point.Quantity))]);
                yield return MakeFrame(hour, metric);
            }
            foreach (var (instance, timeline) in begun.ToList())
            {
                if (timeline.Running.Max(interval => interval.End) <= (hour + Period).ToUnixTimeMilliseconds())
                {
                    begun.Remove(instance);
                }
            }
        }
    }

    private static JsonObject MakeFrame(DateTimeOffset hour, JsonArray points) => new()
    {
        ["period"] = new JsonObject { ["begin"] = Format(hour), ["end"] = Format(hour + Period) },
        ["usage"] = new JsonObject { [Metric] = points },
    };

    private static JsonObject MakePoint(InstanceTimeline timeline, decimal quantity) => new()
    {
        ["vol"] = new JsonObject { ["unit"] = "MiB*h", ["qty"] = decimal.Round(quantity, 6) },
        ["rating"] = new JsonObject { ["price"] = 0 },
        ["groupby"] = new JsonObject { ["id"] = timeline.Instance.ToString(), ["project_id"] = timeline.Project ?? "" },
        ["metadata"] = new JsonObject { ["flavor_name"] = timeline.Flavor ?? "" },
    };

    private static string Format(DateTimeOffset instant) => instant.ToString("yyyy-MM-ddTHH:mm:sszzz", CultureInfo.InvariantCulture);
}
