using System.Globalization;
using System.Text.Json.Nodes;

namespace Guardian.Metering;

/// <summary>Writes EPC as CloudKitty takes it at <c>POST /v2/dataframes</c>: a frame for each hour, a point for each server.</summary>
public static class Dataframes
{
    /// <summary>The metric's name, which CloudKitty's <c>metrics.yml</c> must define.</summary>
    public const string Metric = "guardian_epc";

    private static readonly TimeSpan Period = TimeSpan.FromHours(1);

    /// <summary>Makes the frames of a period. Its ends are rounded outwards to whole hours, and hours without EPC are left out.</summary>
    /// <param name="timelines">The servers' times from the journals; running guests count.</param>
    /// <param name="start">The period's start.</param>
    /// <param name="end">The period's end, not included.</param>
    public static JsonObject Create(IEnumerable<InstanceTimeline> timelines, DateTimeOffset start, DateTimeOffset end)
    {
        var all = timelines.OrderBy(timeline => timeline.Instance).ToList();
        var frames = new JsonArray();
        var hour = new DateTimeOffset(start.UtcTicks - (start.UtcTicks % Period.Ticks), TimeSpan.Zero);
        for (; hour < end; hour += Period)
        {
            var points = all.Select(timeline => (Timeline: timeline, Quantity: EpcUsage.SumRunning(timeline, hour, hour + Period)))
                .Where(point => point.Quantity > 0).ToList();
            if (points.Count > 0)
            {
                var metric = new JsonArray([.. points.Select(point => MakePoint(point.Timeline, point.Quantity))]);
                frames.Add((JsonNode)new JsonObject
                {
                    ["period"] = new JsonObject { ["begin"] = Format(hour), ["end"] = Format(hour + Period) },
                    ["usage"] = new JsonObject { [Metric] = metric },
                });
            }
        }
        return new JsonObject { ["dataframes"] = frames };
    }

    private static JsonObject MakePoint(InstanceTimeline timeline, decimal quantity) => new()
    {
        ["vol"] = new JsonObject { ["unit"] = "MiB*h", ["qty"] = decimal.Round(quantity, 6) },
        ["rating"] = new JsonObject { ["price"] = 0 },
        ["groupby"] = new JsonObject { ["id"] = timeline.Instance.ToString(), ["project_id"] = timeline.Project ?? "" },
        ["metadata"] = new JsonObject { ["flavor_name"] = timeline.Flavor ?? "" },
    };

    private static string Format(DateTimeOffset instant) => instant.ToString("yyyy-MM-ddTHH:mm:sszzz", CultureInfo.InvariantCulture);
}
