using System.Globalization;
using System.Text.Json.Nodes;

namespace Guardian.Node.Metering;

/// <summary>EPC in the shape that CloudKitty takes at <c>POST /v2/dataframes</c>: one frame an hour, one point an instance.</summary>
public static class Dataframes
{
    /// <summary>The metric's name, as <c>metrics.yml</c> of CloudKitty has to know it.</summary>
    public const string Metric = "guardian_epc";

    private static readonly TimeSpan Period = TimeSpan.FromHours(1);

    /// <summary>The frames of a period; its start is rounded down and its end up to whole hours, and hours without EPC are left out.</summary>
    /// <param name="timelines">What journals say; running guests are counted.</param>
    public static JsonObject Create(IEnumerable<InstanceTimeline> timelines, DateTimeOffset start, DateTimeOffset end)
    {
        var all = timelines.OrderBy(timeline => timeline.Instance).ToList();
        var frames = new JsonArray();
        var hour = new DateTimeOffset(start.UtcTicks - (start.UtcTicks % Period.Ticks), TimeSpan.Zero);
        for (; hour < end; hour += Period)
        {
            var points = all.Select(timeline => (timeline, Quantity: EpcUsage.Running(timeline, hour, hour + Period))).Where(point => point.Quantity > 0).ToList();
            if (points.Count > 0)
            {
                frames.Add((JsonNode)new JsonObject
                {
                    ["period"] = new JsonObject { ["begin"] = Text(hour), ["end"] = Text(hour + Period) },
                    ["usage"] = new JsonObject { [Metric] = new JsonArray([.. points.Select(point => Point(point.timeline, point.Quantity))]) },
                });
            }
        }
        return new JsonObject { ["dataframes"] = frames };
    }

    private static JsonObject Point(InstanceTimeline timeline, decimal quantity) => new()
    {
        ["vol"] = new JsonObject { ["unit"] = "MiB*h", ["qty"] = decimal.Round(quantity, 6) },
        ["rating"] = new JsonObject { ["price"] = 0 },
        ["groupby"] = new JsonObject { ["id"] = timeline.Instance.ToString(), ["project_id"] = timeline.Project ?? "" },
        ["metadata"] = new JsonObject { ["flavor_name"] = timeline.Flavor ?? "" },
    };

    private static string Text(DateTimeOffset instant) => instant.ToString("yyyy-MM-ddTHH:mm:sszzz", CultureInfo.InvariantCulture);
}
