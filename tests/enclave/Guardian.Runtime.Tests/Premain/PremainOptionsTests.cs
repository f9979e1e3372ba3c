using Guardian.Cas.Client.Protocol;
using Guardian.Premain;
using Guardian.Refusals;

namespace Guardian.Runtime.Tests.Premain;

/// <summary>The words of the manifest, the host's choices, and the parts of a configuration that a native program can keep.</summary>
public class PremainOptionsTests
{
    private static readonly string Hash = new('1', 64);

    private static readonly string[] Words =
    [
        "--entry", "/usr/bin/app", "--session", "shop/web", "--cas-identity", Hash, "--cas-owners", Hash, "--cas-mrenclave", Hash,
        "--cas-platform", "hardware", "--memory", "/run/", "--volume", "data=/data",
    ];

    private static StartupConfiguration Good => new()
    {
        Session = "shop",
        Service = "web",
        SessionHash = Hash,
        Command = ["app"],
        Environment = new Dictionary<string, string> { ["TOKEN"] = "of the session" },
        Pwd = "/",
        Program = null,
        Files = [new InjectedFile("/run/app/token", [1], 384)],
        Volumes = [new VolumeConfiguration("data", "/data", new byte[32], null, VolumeUpdate.Interval, [])],
        Network = new NetworkConfiguration([], []),
        Stdio = new StdioConfiguration(null),
        Limits = new LimitsConfiguration(null, null),
        Host = new HostConfiguration(1, ["LANG", "TOKEN"]),
    };

    [Fact]
    public void The_manifest_decides_about_the_CAS_and_the_host_about_its_address()
    {
        var options = PremainOptions.Parse(Words, """
            {"cas":"https://cas.example:8081","casWait":"5","replica":"2","startToken":"t","arguments":["--x","y"],"variables":{"LANG":"C"}}
            """);
        Assert.Equal(("/usr/bin/app", "/data", "/run"), (options.Entry, options.Volumes["data"], options.MemoryFolders[0]));
        var start = options.Start;
        Assert.Equal(("shop", "web", Hash, Hash), (start.SessionName, start.ServiceName, start.CasPins.Identity, start.CasPins.Owners));
        Assert.Equal(Guardian.Sgx.PlatformKind.Hardware, Assert.Single(start.CasPolicy.Platforms));
        Assert.Equal(
            ("https://cas.example:8081/", 5, 2, "t", "--x y"),
            (start.Cas.ToString(), (int)start.CasWait.TotalSeconds, start.Replica, start.StartToken, string.Join(' ', start.Arguments)));
    }

    [Theory]
    [InlineData("""{"cas":"https://cas.example:8081","session":"other/web"}""", "malformed")]
    [InlineData("""{"cas":"https://cas.example:8081","entry":"/bin/sh"}""", "malformed")]
    [InlineData("""{"cas":"https://cas.example:8081","replica":"--session"}""", "--replica takes a number")]
    [InlineData("""{"cas":"no address"}""", "no address")]
    [InlineData("{}", "no address of the CAS")]
    [InlineData("[", "malformed")]
    [InlineData(null, "no address of the CAS")]
    public void The_host_cannot_choose_more(string? host, string says) => Assert.Contains(
        says, Assert.Throws<RefusedException>(() => PremainOptions.Parse(Words, host)).Message, StringComparison.Ordinal);

    [Fact]
    public void Arguments_of_the_host_are_never_options()
    {
        var options = PremainOptions.Parse(
            Words, """{"cas":"https://cas.example:8081","arguments":["--session","other/web","--cas-identity","x"]}""");
        Assert.Equal("shop/web", options.Start.Session);
        Assert.Equal(4, options.Start.Arguments.Count);
    }

    [Fact]
    public void Without_a_pinned_CAS_nothing_starts()
    {
        const string host = """{"cas":"https://cas.example:8081"}""";
        var unpinned = Words.Where((_, i) => i is not (4 or 5)).ToArray();
        Assert.Contains(
            "pins no CAS", Assert.Throws<RefusedException>(() => PremainOptions.Parse(unpinned, host)).Message, StringComparison.Ordinal);
        foreach (var words in new[]
        {
            ["--entry"], Words[2..], [.. Words, "--machine", "/x"], [.. Words, "--volume", "data"], [.. Words, "--session", "a/b"],
            new[] { "x", "y" },
        })
        {
            Assert.Throws<RefusedException>(() => PremainOptions.Parse(words, host));
        }
    }

    [Fact]
    public void A_configuration_that_would_not_be_kept_whole_is_refused()
    {
        var options = PremainOptions.Parse(Words, """{"cas":"https://cas.example:8081"}""");
        NativeStart.Check(options, Good);
        NativeStart.Check(options, Good with { Volumes = [Good.Volumes[0] with { Name = "data.3" }] });
        (StartupConfiguration Bad, string Says)[] cases =
        [
            (Good with { Program = Hash }, "'program'"),
            (Good with { Network = new NetworkConfiguration([new(443, NetworkProtocol.Plain, null, null, null, null)], []) }, "'network'"),
            (Good with { Network = new NetworkConfiguration([], [new("a", 443, NetworkProtocol.Plain, null, null, null, null)]) },
            "'network'"),
            (Good with { Stdio = new StdioConfiguration(new byte[32]) }, "'stdio'"),
            (Good with { Limits = new LimitsConfiguration(5, null) }, "'limits'"),
            (Good with { Limits = new LimitsConfiguration(null, 5) }, "'limits'"),
            (Good with { Volumes = [] }, "mounts the volume 'data'"),
            (Good with { Volumes = [Good.Volumes[0] with { Path = "/other" }] }, "does not mount"),
            (Good with { Volumes = [.. Good.Volumes, Good.Volumes[0] with { Name = "logs" }] }, "does not mount"),
            (Good with { Files = [new InjectedFile("/etc/token", [], 0)] }, "folders in memory"),
            (Good with { Files = [new InjectedFile("/running/token", [], 0)] }, "folders in memory"),
        ];
        Assert.All(cases, each => Assert.Contains(
            each.Says, Assert.Throws<RefusedException>(() => NativeStart.Check(options, each.Bad)).Message, StringComparison.Ordinal));
    }

    [Fact]
    public void Variables_are_the_session_s_and_those_of_the_host_that_it_admits() => Assert.Equal(
        ["LANG=C", "PWD=/", "TOKEN=of the session"],
        NativeStart.BuildEnvironment(
            Good, new Dictionary<string, string> { ["LANG"] = "C", ["TOKEN"] = "of the host", ["LD_PRELOAD"] = "/tmp/x.so" }));
}
