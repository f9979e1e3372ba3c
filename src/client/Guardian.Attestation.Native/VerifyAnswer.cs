using System.Buffers;
using System.Text.Json;
using Guardian.Attestation.Collateral;
using Guardian.Attestation.Envelopes;
using Guardian.Attestation.Policy;
using Guardian.Attestation.Quotes;
using Guardian.Attestation.Verification;
using Guardian.Refusals;

namespace Guardian.Attestation.Native;

/// <summary>Verifies, appraises, and writes the answer as JSON (docs/reference/native-library.md).</summary>
internal static class VerifyAnswer
{
    /// <summary>Answers a request.</summary>
    /// <param name="request">The request.</param>
    /// <returns>Whether the evidence is accepted, and the answer as JSON, UTF-8.</returns>
    public static (bool Accepted, byte[] Json) Of(VerifyRequest request)
    {
        var (envelope, refusal) = EnvelopeReader.Read(request.Evidence);
        if (envelope is null)
        {
            return (false, Write(null, refusal!));
        }
        if (envelope.Kind == EnvelopeKind.Token)
        {
            return (false, Write(envelope, QuoteReasons.BadToken.Because("a token is no evidence, and this library does not verify it")));
        }
        var verifier = new EvidenceVerifier(request.Verifier, new GivenCollateral(request.Collateral));
        (var verified, refusal) = new EnvelopeVerifier(verifier).Verify(envelope with { Nonce = request.Nonce }, request.At);
        if (verified is null)
        {
            return (false, Write(envelope, refusal!));
        }
        var appraisal = request.Policy.Appraise(verified.Quote);
        return (appraisal.IsAccepted, Write(envelope, verified, appraisal));
    }

    /// <summary>Writes the mistake of a caller.</summary>
    public static byte[] WriteMistake(string mistake) => WriteObject(json =>
    {
        json.WriteBoolean("verified", false);
        json.WriteBoolean("accepted", false);
        json.WriteString("reason", "usage");
        json.WriteString("detail", mistake);
    });

    private static byte[] Write(Envelope? envelope, Refusal refusal) => WriteObject(json =>
    {
        json.WriteBoolean("verified", false);
        json.WriteBoolean("accepted", false);
        json.WriteString("found", envelope?.Name);
        json.WriteString("stage", refusal.Location?.Part);
        json.WriteString("reason", refusal.Code);
        json.WriteString("detail", refusal.Detail);
        json.WriteString("remedy", refusal.Remedy);
    });

    private static byte[] Write(Envelope envelope, VerifiedEnvelope verified, Appraisal appraisal) => WriteObject(json =>
    {
        var quote = verified.Quote;
        json.WriteBoolean("verified", true);
        json.WriteBoolean("accepted", appraisal.IsAccepted);
        json.WriteString("found", envelope.Name);
        json.WriteString("keySha256", verified.KeySha256);
        json.WriteString("tee", quote.Tee == TeeType.Tdx ? "tdx" : "sgx");
        json.WriteString("platform", quote.Platform == Sgx.PlatformKind.Simulated ? "simulated" : "hardware");
        json.WriteString("rootKeySha256", quote.RootKeyHash);
        json.WriteBoolean("rootIsIntel", quote.IsRootIntel);
        json.WriteBoolean("debug", quote.IsDebug);
        json.WriteString("reportData", Hex(quote.ReportData));
        if (quote.TdReport is { } td)
        {
            WriteTrustDomain(json, td);
        }
        else
        {
            WriteEnclave(json, quote.Report);
        }
        if (quote.Tcb is { } tcb)
        {
            WriteTcb(json, tcb);
        }
        json.WriteStartArray("checks");
        foreach (var check in appraisal.Checks)
        {
            json.WriteStartObject();
            json.WriteString("rule", check.Rule);
            json.WriteBoolean("passed", check.Passed);
            json.WriteString("found", check.Found);
            json.WriteString("accepted", check.Accepted);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    });

    private static void WriteEnclave(Utf8JsonWriter json, Sgx.Reports.ReportBody report)
    {
        json.WriteString("mrEnclave", report.MrEnclave.ToString());
        json.WriteString("mrSigner", report.MrSigner.ToString());
        json.WriteNumber("isvProdId", report.IsvProdId);
        json.WriteNumber("isvSvn", report.IsvSvn);
        json.WriteString("configId", Hex(report.ConfigId));
    }

    private static void WriteTrustDomain(Utf8JsonWriter json, TdReport td)
    {
        json.WriteString("mrTd", Hex(td.MrTd));
        for (var index = 0; index < 4; index++)
        {
            json.WriteString($"rtmr{index}", Hex(td.Rtmr(index)));
        }
        json.WriteString("mrSeam", Hex(td.MrSeam));
        json.WriteString("tdAttributes", $"0x{td.TdAttributes:x}");
    }

    private static void WriteTcb(Utf8JsonWriter json, TcbReport tcb)
    {
        json.WriteString("status", tcb.Status.ToString());
        WriteTexts(json, "advisoryIds", tcb.AdvisoryIds);
        json.WriteString("tcbDate", tcb.Date);
        json.WriteNumber("tcbEvaluationDataNumber", Math.Min(tcb.EvaluationDataNumber, tcb.QeEvaluationDataNumber));
        json.WriteString("earliestExpiry", tcb.EarliestExpiry);
        json.WriteString("earliestExpiryOf", tcb.EarliestExpiryOf);
        WriteTexts(json, "shortfall", tcb.Shortfall);
    }

    private static void WriteTexts(Utf8JsonWriter json, string name, IReadOnlyList<string> texts)
    {
        json.WriteStartArray(name);
        foreach (var text in texts)
        {
            json.WriteStringValue(text);
        }
        json.WriteEndArray();
    }

    private static byte[] WriteObject(Action<Utf8JsonWriter> members)
    {
        var bytes = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(bytes))
        {
            json.WriteStartObject();
            members(json);
            json.WriteEndObject();
        }
        return bytes.WrittenSpan.ToArray();
    }

    private static string Hex(ReadOnlyMemory<byte> bytes) => Convert.ToHexStringLower(bytes.Span);

    private sealed class GivenCollateral(QuoteCollateral? collateral) : ICollateralSource
    {
        public QuoteCollateral? Find(PlatformId platform) => collateral;
    }
}
