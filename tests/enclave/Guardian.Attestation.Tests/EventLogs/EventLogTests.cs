using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Guardian.Attestation.EventLogs;
using Guardian.Attestation.Quotes;

namespace Guardian.Attestation.Tests.EventLogs;

/// <summary>Every case of tests/vectors/tdx-eventlog with its expected outcome.</summary>
public class EventLogTests
{
    private static readonly string Root = Repository.File("tests", "vectors", "tdx-eventlog");

    public static TheoryData<string> Names() => new(Directory.GetDirectories(Root).Select(Path.GetFileName)!);

    [Theory]
    [MemberData(nameof(Names))]
    public void A_case_has_its_expected_outcome(string name)
    {
        var expected = Expected(name);
        var (log, refusal) = EventLog.TryRead(FindLog(name)!);
        var verdict = (string)expected["verdict"]!;
        if (verdict == "reject")
        {
            Assert.Equal("bad-event-log", refusal?.Code);
            return;
        }
        Assert.True(log is not null, refusal?.ToString());
        for (var index = 0; index < EventLog.RegisterCount; index++)
        {
            if (expected["rtmr"]?[index] is { } value)
            {
                Assert.Equal((string)value!, Convert.ToHexStringLower(log.Rtmr(index).Span));
            }
        }
        if (expected["rtmr3"] is { } last)
        {
            Assert.Equal((string)last!, Convert.ToHexStringLower(log.Rtmr(3).Span));
        }
        if (expected["events"] is { } count)
        {
            Assert.Equal((int)count, log.Events.Count + (log.Form == "CCEL" && log.Events.Count < (int)count ? 1 : 0));
        }
        if (FindQuote(name) is { } quote)
        {
            Assert.Equal(verdict == "mismatch" ? "wrong-event-log" : null, log.Compare(Quote.TryParse(quote).Value!.TdReport!)?.Code);
        }
    }

    [Fact]
    public void A_description_that_its_digest_does_not_cover_is_not_called_proven()
    {
        var genuine = EventLog.TryRead(FindLog("gce-cos113-quote")!).Value!;
        var changed = EventLog.TryRead(FindLog("n-event-bytes-changed")!).Value!;
        Assert.Equal((int)Expected("gce-cos113-quote")["eventBytesHashToDigest"]!, genuine.Events.Count(each => each.IsDataProven));
        var different = genuine.Events.Zip(changed.Events).Where(pair => !pair.First.Data.Span.SequenceEqual(pair.Second.Data.Span))
            .ToList();
        Assert.NotEmpty(different);
        Assert.All(different, pair => Assert.False(pair.Second.IsDataProven));
    }

    [Fact]
    public void A_reader_that_believes_the_stated_digests_is_fooled_by_a_changed_event()
    {
        var text = FindLog("n-dstack-payload-changed")!;
        var td = Quote.TryParse(FindQuote("n-dstack-payload-changed")!).Value!.TdReport!;
        // The naive reader extends the digests that the log states.
        var register = new byte[48];
        foreach (var entry in JsonNode.Parse(text)!.AsArray().Where(entry => (int)entry!["imr"]! == 3))
        {
            register = SHA384.HashData([.. register, .. Convert.FromHexString((string)entry!["digest"]!)]);
        }
        Assert.True(register.AsSpan().SequenceEqual(td.Rtmr(3).Span));
        Assert.Equal("wrong-event-log", EventLog.TryRead(text).Value!.Compare(td)!.Code);
    }

    [Fact]
    public void Every_cut_is_refused_or_gives_other_values()
    {
        var log = FindLog("log-duplicate-separator")!;
        var whole = EventLog.TryRead(log).Value!;
        for (var size = 0; size < log.Length; size += 101)
        {
            var (cut, _) = EventLog.TryRead(log.AsMemory(0, size));
            Assert.True(cut is null || cut.Events.Count < whole.Events.Count);
        }
    }

    [Theory]
    [InlineData("[]", null)]
    [InlineData("[{}]", "bad-event-log")]
    [InlineData("[null]", "bad-event-log")]
    [InlineData("[{\"imr\":4,\"event_type\":1,\"digest\":\"\",\"event\":\"\",\"event_payload\":\"\"}]", "bad-event-log")]
    [InlineData("[{\"imr\":3,\"event_type\":1,\"digest\":null,\"event\":null,\"event_payload\":null}]", "bad-event-log")]
    [InlineData("text", "bad-event-log")]
    [InlineData("", "bad-event-log")]
    public void Malformed_text_is_refused(string text, string? reason) =>
        Assert.Equal(reason, EventLog.TryRead(Encoding.UTF8.GetBytes(text)).Refusal?.Code);

    private static JsonNode Expected(string name) => JsonNode.Parse(File.ReadAllText(Path.Combine(Root, name, "expected.json")))!;

    private static byte[]? FindLog(string name) => Find(name, "ccel_data.bin") ?? Find(name, "event_log.json") ?? Find(name, "aael.txt");

    private static byte[]? FindQuote(string name) => Find(name, "quote.bin");

    private static byte[]? Find(string name, string file)
    {
        var below = (string?)Expected(name)["overlayOn"] ?? name;
        return new[] { name, below }.Select(each => Path.Combine(Root, each, file)).FirstOrDefault(File.Exists) is { } path
            ? File.ReadAllBytes(path)
            : null;
    }
}
