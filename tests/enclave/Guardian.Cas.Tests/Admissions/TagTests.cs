using System.Text.Json;
using Guardian.Cas.Client.Protocol;
using Guardian.Refusals;
using Guardian.Simulation.Processor;
using static Guardian.Cas.Tests.Outcomes;

namespace Guardian.Cas.Tests.Admissions;

/// <summary>Freshness tags, and the volumes they belong to.</summary>
public sealed class TagTests : IDisposable
{
    private static readonly string Session = TestCas.Session.Replace("secrets:\n", """
        volumes:
          - name: data
            regions: [{path: /public, protection: authenticated}]
          - {name: cache}
          - {name: scratch}
          - {name: old}
        images:
          - name: base
            volumes:
              - {name: data, path: /data}
              - {name: cache, path: /cache, update_policy: interval}
              - {name: scratch, path: /scratch, update_policy: ephemeral}
              - {name: old, path: /old, update_policy: no_rollback_protection}
            injection_files:
              - {path: /etc/app.conf, content: "key=$$GUARDIAN::key:hex$$", mode: "0640"}
              - {path: /etc/key, content: "$$GUARDIAN::key:bin$$"}
        secrets:

        """, StringComparison.Ordinal)
        .Replace("    platforms:", "    image_name: base\n    tags: [budget]\n    platforms:", StringComparison.Ordinal);

    private readonly TestCas cas = new();

    public void Dispose() => cas.Dispose();

    [Theory]
    [InlineData("data")]
    [InlineData("cache")]
    [InlineData("budget")]
    public async Task A_tag_moves_only_from_its_expected_value(string name)
    {
        await cas.CreateAsync(Session);
        Assert.Null((await ReadAsync(name)).Tag);
        Assert.Equal((false, null), Outcome(await SetAsync(name, Tag(1), Tag(2))));
        Assert.Equal((true, 1), Outcome(await SetAsync(name, null, Tag(1))));
        Assert.Equal((false, 1), Outcome(await SetAsync(name, null, Tag(2))));
        Assert.Equal((true, 2), Outcome(await SetAsync(name, Tag(1), Tag(2))));
        cas.Reopen();
        Assert.Equal(Tag(2), (await ReadAsync(name)).Tag);
        Assert.Equal((false, 2), Outcome(await SetAsync(name, Tag(1), Tag(3))));
    }

    [Fact]
    public void A_tag_that_was_never_set_is_null_on_the_wire()
    {
        var description = JsonSerializer.Serialize(new TagDescription("shop", "data", null), CasJson.Default.TagDescription);
        var change = JsonSerializer.Serialize(new TagChange("shop", "data", null, Tag(1)), CasJson.Default.TagChange);
        Assert.Contains("\"tag\":null", description, StringComparison.Ordinal);
        Assert.Contains("\"expected\":null", change, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_configuration_holds_volumes_with_keys_and_tags()
    {
        await cas.CreateAsync(Session);
        await SetAsync("data", null, Tag(7));
        var (first, second) = (await cas.ConfigureAsync(), await cas.ConfigureAsync());
        Assert.Equal(["data", "cache", "scratch", "old"], first.Volumes.Select(volume => volume.Name));
        Assert.Equal([Tag(7), null, null, null], first.Volumes.Select(volume => volume.Tag));
        Assert.All(first.Volumes, volume => Assert.Equal(32, volume.Key.Length));
        Assert.Equal(4, first.Volumes.Select(volume => Convert.ToHexString(volume.Key)).Distinct().Count());
        Assert.Equal([true, true, false, true], first.Volumes.Zip(second.Volumes, (one, other) => one.Key.SequenceEqual(other.Key)));
        Assert.Equal(new VolumeRegion("/public", VolumeProtection.Authenticated), Assert.Single(first.Volumes[0].Regions));
        Assert.Equal(["/etc/app.conf", "/etc/key"], first.Files.Select(file => file.Path));
        Assert.Equal($"key={first.Environment["KEY"]}", System.Text.Encoding.UTF8.GetString(first.Files[0].Content));
        Assert.Equal(first.Environment["KEY"], Convert.ToHexStringLower(first.Files[1].Content));
        Assert.Equal((0b110_100_000, 0b110_000_000), (first.Files[0].Mode, first.Files[1].Mode));
    }

    [Fact]
    public async Task Only_an_admitted_service_that_has_the_tag_may_move_it()
    {
        await cas.CreateAsync(Session);
        using var stranger = TestCas.Launch(9);
        var change = new TagChange("shop", "data", null, Tag(1));
        var (certificate, strangers) = (cas.Certificate(TestCas.Program), cas.Certificate(stranger));
        Assert.Equal(CasReasons.Denied, await ExpectReasonAsync(cas.Admissions.SetTagAsync(change, strangers)));
        Assert.Equal(CasReasons.Denied, await ExpectReasonAsync(cas.Admissions.ReadTagAsync("shop", "data", strangers)));
        foreach (var (session, name) in new[] { ("shop", "scratch"), ("shop", "old"), ("shop", "none"), ("none", "data") })
        {
            var absent = change with { Session = session, Name = name };
            Assert.Equal(CasReasons.NotFound, await ExpectReasonAsync(cas.Admissions.SetTagAsync(absent, certificate)));
        }
        var tooShort = cas.Admissions.SetTagAsync(change with { Next = new byte[31] }, certificate);
        Assert.Equal(CasReasons.Invalid, await ExpectReasonAsync(tooShort));
        Assert.Null((await ReadAsync("data")).Tag);
    }

    [Fact]
    public async Task One_of_many_concurrent_moves_of_a_tag_wins()
    {
        await cas.CreateAsync(Session);
        var certificate = cas.Certificate(TestCas.Program);
        var outcomes = await Task.WhenAll(Enumerable.Range(1, 50).Select(i => Task.Run(() =>
            cas.Admissions.SetTagAsync(new TagChange("shop", "data", null, Tag((byte)i)), certificate).ValueAsync())));
        var winner = Assert.Single(outcomes, outcome => outcome.Moved).Tag;
        Assert.All(outcomes, outcome => Assert.Equal(winner, outcome.Tag));
        Assert.Equal(winner, (await ReadAsync("data")).Tag);
    }

    [Fact]
    public async Task The_singleton_admitted_last_owns_the_tags()
    {
        const string Rule = "security: {attestation: {singleton_enclaves: true}}\n";
        await cas.CreateAsync(Session.Replace("secrets:\n", $"{Rule}secrets:\n", StringComparison.Ordinal));
        var web = new ConfigurationRequest("shop", "web");
        var (first, second) = (cas.Certificate(TestCas.Program), cas.Certificate(TestCas.Program));
        var change = new TagChange("shop", "data", null, Tag(1));
        Assert.Equal(CasReasons.Denied, await ExpectReasonAsync(cas.Admissions.SetTagAsync(change, first)));
        await cas.Admissions.ConfigureAsync(web, first).ValueAsync();
        Assert.True((await cas.Admissions.SetTagAsync(change, first).ValueAsync()).Moved);
        await cas.Admissions.ConfigureAsync(web, second).ValueAsync();
        var later = change with { Expected = Tag(1), Next = Tag(2) };
        Assert.Contains("since", (await ExpectRefusalAsync(cas.Admissions.SetTagAsync(later, first))).Detail, StringComparison.Ordinal);
        Assert.True((await cas.Admissions.SetTagAsync(later, second).ValueAsync()).Moved);
        var again = await ExpectRefusalAsync(cas.Admissions.ConfigureAsync(web, second));
        Assert.Contains("singleton", Assert.Single(again.Problems), StringComparison.Ordinal);
    }

    [Fact]
    public void Absent_values_are_null_on_the_wire()
    {
        var description = JsonSerializer.Serialize(new TagDescription("s", "n", null), CasJson.Default.TagDescription);
        Assert.Equal("""{"session":"s","name":"n","tag":null}""", description);
        const string Change = """{"session":"s","name":"n","expected":null,"next":"AA=="}""";
        Assert.Null(JsonSerializer.Deserialize(Change, CasJson.Default.TagChange)!.Expected);
        Assert.Equal("""{"key":null}""", JsonSerializer.Serialize(new StdioConfiguration(null), CasJson.Default.StdioConfiguration));
    }

    private static byte[] Tag(byte value) => [.. Enumerable.Repeat(value, 32)];

    private static (bool, int?) Outcome(TagOutcome outcome) => (outcome.Moved, outcome.Tag?[31]);

    private Task<TagDescription> ReadAsync(string name) =>
        cas.Admissions.ReadTagAsync("shop", name, cas.Certificate(TestCas.Program)).ValueAsync();

    private Task<TagOutcome> SetAsync(string name, byte[]? expected, byte[] next) =>
        cas.Admissions.SetTagAsync(new TagChange("shop", name, expected, next), cas.Certificate(TestCas.Program)).ValueAsync();
}
