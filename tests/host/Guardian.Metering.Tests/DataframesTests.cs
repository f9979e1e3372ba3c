using System.Text.Encodings.Web;
using System.Text.Json.Nodes;

namespace Guardian.Metering.Tests;

public class DataframesTests
{
    [Fact]
    public void Dataframes_are_hours_with_what_guests_held_in_them()
    {
        var start = new DateTimeOffset(2026, 1, 1, 10, 30, 0, TimeSpan.Zero);
        var interval = new EpcInterval(start.ToUnixTimeMilliseconds(), start.AddHours(1).ToUnixTimeMilliseconds(), 8);
        var timeline = new InstanceTimeline(Guid.Empty, "p", "sgx.8m", [], [interval], []);

        var later = timeline with
        {
            Instance = Guid.AllBitsSet,
            Running = [new EpcInterval(start.AddYears(1).ToUnixTimeMilliseconds(), start.AddYears(2).ToUnixTimeMilliseconds(), 8)],
        };

        var text = string.Concat(Dataframes.Write([later, timeline], start.AddHours(-3), start.AddHours(3)));
        var frames = JsonNode.Parse(text)!["dataframes"]!.AsArray();

        Assert.Equal(2, frames.Count);
        Assert.Equal(
            """{"period":{"begin":"2026-01-01T10:00:00+00:00","end":"2026-01-01T11:00:00+00:00"},"usage":{"guardian_epc":["""
            + """{"vol":{"unit":"MiB*h","qty":4},"rating":{"price":0}"""
            + ""","groupby":{"id":"00000000-0000-0000-0000-000000000000","project_id":"p"},"metadata":{"flavor_name":"sgx.8m"}}]}}""",
            frames[0]!.ToJsonString(new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }));
    }
}
