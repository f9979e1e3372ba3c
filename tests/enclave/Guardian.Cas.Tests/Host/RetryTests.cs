using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using Guardian.Attestation.Policy;
using Guardian.Cas.Client.Connection;
using Guardian.Cas.Client.Protocol;
using Guardian.Refusals;
using Guardian.Sgx;

namespace Guardian.Cas.Tests.Host;

/// <summary>A client comes back to a busy CAS, a bounded number of times.</summary>
public sealed class RetryTests
{
    [Fact]
    public async Task A_busy_CAS_gets_the_same_request_again()
    {
        using var cas = new BusyCas(refusals: 3, TimeSpan.Zero);
        var progress = await SendAsync(cas);
        Assert.Equal(2, progress.Threshold);
        Assert.Equal(4, cas.Bodies.Count);
        Assert.All(cas.Bodies, body => Assert.Equal("text", body));
    }

    [Fact]
    public async Task A_CAS_that_stays_busy_is_given_up()
    {
        using var cas = new BusyCas(refusals: int.MaxValue, TimeSpan.Zero);
        var refused = await Assert.ThrowsAsync<RefusedException>(() => SendAsync(cas));
        Assert.Equal(CasReasons.Busy, refused.Refusal.Reason);
        Assert.Equal(8, cas.Bodies.Count);
    }

    [Fact]
    public async Task A_long_wait_is_for_the_caller_to_decide()
    {
        using var cas = new BusyCas(refusals: 1, TimeSpan.FromMinutes(1));
        await Assert.ThrowsAsync<RefusedException>(() => SendAsync(cas));
        Assert.Single(cas.Bodies);
    }

    private static async Task<RecoveryProgress> SendAsync(BusyCas cas)
    {
        var policy = new AttestationPolicy { Identities = [AcceptedIdentity.Anyone], Platforms = [PlatformKind.Simulated] };
        using var transport = new CasTransport(cas, new Uri("https://cas.example"), CasPins.None, policy);
        return await transport.SendAsync(
            HttpMethod.Post, "v1/recovery", CasTransport.CreateYaml("text"u8.ToArray(), null), CasJson.Default.RecoveryProgress,
            TestContext.Current.CancellationToken);
    }

    private sealed class BusyCas(int refusals, TimeSpan wait) : HttpMessageHandler
    {
        public List<string> Bodies { get; } = [];

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            Bodies.Add(await request.Content!.ReadAsStringAsync(cancellationToken));
            if (Bodies.Count > refusals)
            {
                return new HttpResponseMessage(HttpStatusCode.OK)
                {
                    Content = JsonContent.Create(new RecoveryProgress(1, 2, false), CasJson.Default.RecoveryProgress),
                };
            }
            var problem = new CasProblem(CasReasons.Busy.Code, 429, "too many calls", []);
            var response = new HttpResponseMessage(HttpStatusCode.TooManyRequests)
            {
                Content = JsonContent.Create(problem, CasJson.Default.CasProblem),
            };
            response.Headers.RetryAfter = new RetryConditionHeaderValue(wait);
            return response;
        }
    }
}
