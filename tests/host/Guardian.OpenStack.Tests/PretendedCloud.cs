using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Guardian.OpenStack.Configuration;
using Guardian.OpenStack.Session;

namespace Guardian.OpenStack.Tests;

/// <summary>A cloud that answers as the test wants, and remembers the requests. Its Keystone works already.</summary>
internal sealed class PretendedCloud : HttpMessageHandler
{
    private readonly List<(string Prefix, Func<HttpRequestMessage, HttpResponseMessage> Answer)> answers = [];

    public List<(string Request, string? Token, string Version, string Body)> Requests { get; } = [];

    public int Tokens { get; private set; }

    public TimeSpan TokenLife { get; set; } = TimeSpan.FromHours(1);

    /// <summary>The address in its catalog.</summary>
    public string Address { get; set; } = "http://cloud";

    /// <summary>Answers requests that start so, such as <c>GET /placement/allocations/</c>. The latest answer wins.</summary>
    public PretendedCloud On(string prefix, Func<HttpRequestMessage, HttpResponseMessage> answer)
    {
        answers.Insert(0, (prefix, answer));
        return this;
    }

    public PretendedCloud On(string prefix, string json) => On(prefix, _ => Json(HttpStatusCode.OK, json));

    public CloudSession Connect(int attempts = 4) => new(
        new CloudSettings(new Dictionary<string, string>
        {
            ["auth_url"] = "http://cloud/identity/v3",
            ["username"] = "u",
            ["password"] = "p4ssword",
            ["project_name"] = "p",
        })
        {
            MaxAttempts = attempts,
            Timeout = TimeSpan.FromSeconds(20),
        },
        TimeProvider.System, this);

    public static HttpResponseMessage Json(HttpStatusCode status, string json) =>
        new(status) { Content = new StringContent(json, Encoding.UTF8, "application/json") };

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var body = request.Content is null ? "" : await request.Content.ReadAsStringAsync(cancellationToken);
        var what = $"{request.Method} {request.RequestUri!.PathAndQuery}";
        Requests.Add((what,
            request.Headers.TryGetValues("X-Auth-Token", out var tokens) ? tokens.Single() : null,
            request.Headers.TryGetValues("OpenStack-API-Version", out var versions) ? versions.Single() : "",
            body));
        return answers.FirstOrDefault(answer => what.StartsWith(answer.Prefix, StringComparison.Ordinal)).Answer is { } found
            ? found(request)
            : what == "POST /identity/v3/auth/tokens" ? Token() : Json(HttpStatusCode.NotFound, "{}");
    }

    private HttpResponseMessage Token()
    {
        Tokens++;
        JsonObject Entry(string type, string path) => new()
        {
            ["type"] = type,
            ["endpoints"] = new JsonArray(
                new JsonObject { ["interface"] = "admin", ["url"] = "http://wrong", ["region"] = "RegionOne" },
                new JsonObject { ["interface"] = "public", ["url"] = $"{Address}{path}", ["region"] = "RegionOne", ["future"] = 1 }),
        };
        var answer = Json(HttpStatusCode.Created, new JsonObject
        {
            ["token"] = new JsonObject
            {
                ["expires_at"] = DateTimeOffset.UtcNow + TokenLife,
                ["project"] = new JsonObject { ["id"] = "project-1", ["name"] = "p" },
                ["catalog"] = new JsonArray(
                    Entry("identity", "/identity/v3"), Entry("placement", "/placement"), Entry("compute", "/compute")),
            },
        }.ToJsonString());
        answer.Headers.Add("X-Subject-Token", $"token-{Tokens}");
        return answer;
    }
}
