using Guardian.Cli.Tests.Support;

namespace Guardian.Cli.Tests;

/// <summary><c>guardian cloud quota</c> against pretended services.</summary>
[Trait("Starts", "processes")]
public sealed class CloudQuotaTests : IDisposable
{
    private readonly TemporaryFolder folder = new();
    private readonly ServedCloud served;

    public CloudQuotaTests() => served = new ServedCloud(folder);

    public void Dispose()
    {
        served.Dispose();
        folder.Dispose();
    }

    [Fact]
    public async Task Quotas_are_shown_beside_claims_and_set_as_unified_limits()
    {
        const string Place = "service_id=nova-1&region_id=RegionOne&resource_name=class%3ACUSTOM_SGX_EPC_MB";
        On("GET", "/identity/v3/projects", """{"projects": [{"id": "p1", "name": "research"}, {"id": "p2", "name": "sales"}]}""");
        On("GET", "/identity/v3/services?type=compute", """{"services": [{"id": "nova-1"}]}""");
        On("GET", $"/identity/v3/registered_limits?{Place}", """{"registered_limits": []}""");
        On("GET", $"/identity/v3/limits?{Place}", """{"limits": []}""");
        On("POST", "/identity/v3/registered_limits", "{}");
        On("POST", "/identity/v3/limits", "{}");
        On("PATCH", "/identity/v3/", "{}");
        On("GET", "/placement/usages?project_id=p1", """{"usages": {"VCPU": 4, "CUSTOM_SGX_EPC_MB": 24}}""");
        On("GET", "/placement/usages?project_id=p2", """{"usages": {}}""");

        (await QuotaAsync("research", "--limit", "64")).Ends(1).Says("has no default limit").Says("guardian cloud quota --default MIB");
        var none = (await QuotaAsync("--default", "16")).Ends(0).Says("UnifiedLimitsDriver");
        Assert.Contains("there is no default limit", none.Output, StringComparison.Ordinal);
        Sent(
            "POST /identity/v3/registered_limits",
            "\"service_id\":\"nova-1\",\"region_id\":\"RegionOne\",\"resource_name\":\"class:CUSTOM_SGX_EPC_MB\",\"default_limit\":16");

        On("GET", $"/identity/v3/registered_limits?{Place}",
            """{"registered_limits": [{"id": "r1", "resource_name": "class:CUSTOM_SGX_EPC_MB", "default_limit": 16}]}""");
        (await QuotaAsync("research", "--limit", "64", "--default", "8")).Ends(0);
        Sent("PATCH /identity/v3/registered_limits/r1", """{"registered_limit":{"default_limit":8}}""");
        Sent("POST /identity/v3/limits", "\"project_id\":\"p1\",\"resource_name\":\"class:CUSTOM_SGX_EPC_MB\",\"resource_limit\":64");

        On("GET", $"/identity/v3/limits?{Place}",
            """{"limits": [{"id": "l1", "project_id": "p1", "resource_name": "class:CUSTOM_SGX_EPC_MB", "resource_limit": 64}]}""");
        (await QuotaAsync("p1", "--limit", "-1")).Ends(0);
        Sent("PATCH /identity/v3/limits/l1", """{"limit":{"resource_limit":-1}}""");

        var shown = (await QuotaAsync()).Ends(0);
        Assert.Equal(
            ["Project|Claimed MiB|Limit MiB", "research|24|64", "sales|0|16 (default)"],
            shown.Output.Split('\n').Where(line => line.StartsWith("| ", StringComparison.Ordinal))
                .Select(line => string.Join('|', line.Split('|', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))));
        Assert.Empty(shown.Error);
        Assert.Equal(
            """{"defaultMebibytes":16,"projects":[{"project":"p2","name":"sales","limitMebibytes":16,"own":false,"claimedMebibytes":0}]}""",
            (await QuotaAsync("sales", "--json")).Ends(0).Json.ToJsonString());
    }

    [Theory]
    [InlineData("--limit needs a project", "--limit", "8")]
    [InlineData("a limit is at least -1", "--default", "-2")]
    [InlineData("a limit is at least -1", "research", "--limit", "-2")]
    public async Task A_malformed_quota_is_told_before_anything_is_asked(string words, params string[] arguments)
    {
        (await QuotaAsync(arguments)).Ends(2).Says(words);
        Assert.Empty(served.Cloud.Requests);
    }

    private Task<Result> QuotaAsync(params string[] arguments) =>
        GuardianProgram.RunAsync(folder.Path, ["cloud", "quota", "--cloud", "mine", .. arguments]);

    private void On(string method, string path, string json) => served.Cloud.On($"{method} {path}", json);

    private void Sent(string request, string body) =>
        Assert.Contains(served.Cloud.Requests, sent => sent.Request == request && sent.Body.Contains(body, StringComparison.Ordinal));
}
