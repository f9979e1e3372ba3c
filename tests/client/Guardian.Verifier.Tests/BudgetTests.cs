using System.Net;
using System.Text;
using Guardian.Verifier.Appraising;

namespace Guardian.Verifier.Tests;

/// <summary>Requests of strangers are bounded before any work is done for them.</summary>
public sealed class BudgetTests
{
    [Fact]
    public async Task A_body_that_is_too_large_is_refused_whether_or_not_it_says_its_size()
    {
        await using var service = await Service.StartAsync();
        using var announced = new ByteArrayContent(new byte[AppraisalRequest.MaxSize + 1]);
        using var endless = new StreamContent(new EndlessStream());
        foreach (var body in new HttpContent[] { announced, endless })
        {
            try
            {
                Assert.Equal(HttpStatusCode.RequestEntityTooLarge, (await service.PostAsync("/v1/appraisals", body)).Status);
            }
            catch (HttpRequestException)
            {
                // The service closed the connection while the client still wrote.
            }
        }
        Assert.Contains(
            "{call=\"POST /v1/appraisals\",status=\"413\"} 1\n", (await service.GetAsync("/metrics")).Text, StringComparison.Ordinal);
        // The service still answers.
        await service.NonceAsync();
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("{\"evidence\":null}")]
    [InlineData("{\"evidence\":7}")]
    [InlineData("{\"evidence\":\"!\"}")]
    [InlineData("{\"evidence\":\"AA==\",\"evidence\":\"AA==\"}")]
    [InlineData("{\"evidence\":\"AA==\",\"more\":1}")]
    [InlineData("{\"evidence\":\"AA==\",\"nonce\":1}")]
    [InlineData("{\"evidence\":\"AA==\",\"endorsements\":{}}")]
    [InlineData("{\"evidence\":\"AA==\",\"endorsements\":{\"leaf\":null,\"chain\":null}}")]
    [InlineData("{\"evidence\":\"AA==\",\"endorsements\":{\"leaf\":\"\",\"chain\":{\"a\":{\"b\":{\"c\":{}}}}}}")]
    public async Task A_malformed_body_is_refused(string body)
    {
        await using var service = await Service.StartAsync();
        using var content = new StringContent(body, Encoding.UTF8, "application/json");
        var answer = await service.PostAsync("/v1/appraisals", content);
        Assert.Equal((HttpStatusCode.BadRequest, "bad-request"), (answer.Status, answer.Reason));
    }

    [Fact]
    public async Task What_is_no_evidence_is_named()
    {
        await using var service = await Service.StartAsync();
        var nonce = await service.NonceAsync();
        var token = (await service.AppraiseAsync(Service.Quote(nonce), nonce)).Token();
        Assert.Equal("not-evidence", (await service.AppraiseAsync(Encoding.ASCII.GetBytes(token))).Reason);
        Assert.Equal("no-envelope", (await service.AppraiseAsync([1, 2, 3])).Reason);
        Assert.Equal("no-envelope", (await service.AppraiseAsync([])).Reason);
        var answer = await service.AppraiseAsync(Service.Quote(nonce)[..100]);
        Assert.Equal((HttpStatusCode.Forbidden, "Parse"), (answer.Status, (string?)answer.Json["stage"]));
    }

    [Fact]
    public async Task One_address_asks_no_more_often_than_its_share()
    {
        await using var service = await Service.StartAsync(rate: 2);
        var answers = new List<Answer>();
        for (var i = 0; i < 40 && answers.All(answer => answer.Status != HttpStatusCode.TooManyRequests); i++)
        {
            answers.AddRange(await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => service.PostAsync("/v1/nonces", null))));
        }
        var refused = answers.First(answer => answer.Status == HttpStatusCode.TooManyRequests);
        Assert.Equal("too-many-requests", refused.Reason);
        Assert.Equal(TimeSpan.FromSeconds(1), refused.Headers.RetryAfter!.Delta);
        Assert.Contains(answers, answer => answer.Status == HttpStatusCode.Created);
    }

    private sealed class EndlessStream : Stream
    {
        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override int Read(byte[] buffer, int offset, int count)
        {
            Array.Fill(buffer, (byte)' ', offset, count);
            return count;
        }

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
