using System.Text;
using System.Text.Json.Nodes;
using Guardian.Attestation.Evidence;
using Guardian.Attestation.Quotes;
using Guardian.Attestation.Statements;
using Guardian.Refusals;

namespace Guardian.Attestation.Tests.Statements;

public class StatementVerifierTests
{
    private static readonly EvidenceContext Context = EvidenceContext.RoomStatement(Enumerable.Repeat((byte)3, 32).ToArray());
    private static readonly byte[] Statement = Sign();

    [Fact]
    public void A_statement_is_verified_down_to_the_quote()
    {
        var verdict = Verify(Statement);
        Assert.NotNull(verdict.Value);
        Assert.Equal(("test+jws", "{\"count\":5}"), (verdict.Value!.Type, Encoding.UTF8.GetString(verdict.Value!.Payload.Span)));
        Assert.Equal(Context, verdict.Value!.Context);
        Assert.Equal(TestPlatform.Enclave.Identity.MrEnclave, verdict.Value!.Quote.Report.MrEnclave);
    }

    [Fact]
    public void Every_altered_character_is_refused()
    {
        var accepted = new List<int>();
        for (var i = 0; i < Statement.Length; i++)
        {
            var altered = Statement.ToArray();
            altered[i] = altered[i] == (byte)'A' ? (byte)'B' : (byte)'A';
            if (altered[i] != Statement[i] && Verify(altered).Value is not null)
            {
                accepted.Add(i);
            }
        }
        Assert.Empty(accepted);
    }

    [Fact]
    public void Another_payload_key_or_signature_is_refused()
    {
        var other = JsonNode.Parse(Sign())!;
        foreach (var part in new[] { "payload", "protected", "signature" })
        {
            var mixed = JsonNode.Parse(Statement)!;
            mixed[part] = part == "payload" ? Encode("{\"count\":6}") : (string)other[part]!;
            Assert.Equal(QuoteStage.Signature, Verify(Encoding.UTF8.GetBytes(mixed.ToJsonString())).Refusal!.Stage);
        }
    }

    [Fact]
    public void A_quote_of_another_key_is_not_bound()
    {
        var (statement, other) = (JsonNode.Parse(Statement)!, JsonNode.Parse(Sign())!);
        var header = Header(statement);
        header["guardian-quote"] = (string)Header(other)["guardian-quote"]!;
        statement["protected"] = Encode(header.ToJsonString());
        Assert.Equal("key-not-bound", Verify(Encoding.UTF8.GetBytes(statement.ToJsonString())).Refusal!.Code);
    }

    [Fact]
    public void A_statement_of_one_purpose_does_not_pass_for_one_of_another()
    {
        var statement = JsonNode.Parse(Statement)!;
        var header = Header(statement);
        var other = EvidenceContext.RoomStatement(new byte[32]);
        header["guardian-evidence"] = System.Buffers.Text.Base64Url.EncodeToString(other.Encoded.Span);
        statement["protected"] = Encode(header.ToJsonString());
        var verdict = StatementVerifier.Verify(Encoding.UTF8.GetBytes(statement.ToJsonString()), TestPlatform.Now, TestPlatform.Verifier);
        Assert.Equal("key-not-bound", verdict.Refusal!.Code);
    }

    [Theory]
    [InlineData("alg", "none")]
    [InlineData("alg", "HS256")]
    [InlineData("guardian-quote", "!!!")]
    [InlineData("guardian-quote", "")]
    [InlineData("guardian-evidence", "")]
    [InlineData("guardian-evidence", "AAAA")]
    public void Another_algorithm_or_no_quote_is_refused(string member, string value)
    {
        var statement = JsonNode.Parse(Statement)!;
        var header = Header(statement);
        header[member] = value;
        statement["protected"] = Encode(header.ToJsonString());
        Assert.Equal(QuoteStage.Parse, Verify(Encoding.UTF8.GetBytes(statement.ToJsonString())).Refusal!.Stage);
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("{\"payload\":\"\",\"payload\":\"\",\"protected\":\"\",\"signature\":\"\"}")]
    [InlineData("{\"payload\":null,\"protected\":null,\"signature\":null}")]
    public void Another_document_is_refused(string text) =>
        Assert.Equal("bad-statement", Verify(Encoding.UTF8.GetBytes(text)).Refusal!.Code);

    [Fact]
    public void Duplicate_members_and_too_much_of_anything_are_refused()
    {
        var text = Encoding.UTF8.GetString(Statement);
        var twice = text.Insert(text.LastIndexOf('}'), ",\"payload\":\"" + Encode("{\"count\":7}") + "\"");
        Assert.Null(Verify(Encoding.UTF8.GetBytes(twice)).Value);
        Assert.Null(Verify(new byte[StatementVerifier.MaxSize + 1]).Value);
    }

    private static byte[] Sign()
    {
        using var signer = StatementSigner.Create(TestPlatform.Quotes, Context);
        return signer.Sign("{\"count\":5}"u8, "test+jws");
    }

    private static JsonNode Header(JsonNode statement) =>
        JsonNode.Parse(System.Buffers.Text.Base64Url.DecodeFromChars((string)statement["protected"]!))!;

    private static string Encode(string text) => System.Buffers.Text.Base64Url.EncodeToString(Encoding.UTF8.GetBytes(text));

    private static Outcome<VerifiedStatement> Verify(byte[] statement) =>
        StatementVerifier.Verify(statement, TestPlatform.Now, TestPlatform.Verifier);
}
