using System.Globalization;
using System.Text.Json.Nodes;
using Guardian.Attestation.Policy;
using Guardian.Attestation.Quotes;
using Guardian.Attestation.Verification;
using Guardian.Sgx;
using Guardian.Sgx.Reports;
using Spectre.Console;

namespace Guardian.Cli.Quotes;

/// <summary>How quotes look to programs and to people.</summary>
internal static class QuoteView
{
    /// <summary>Whom the quote speaks for.</summary>
    public static JsonObject Identity(TeeType tee, ReportBody? report, TdReport? td)
    {
        var json = new JsonObject { ["tee"] = tee == TeeType.Tdx ? "tdx" : "sgx" };
        if (report is not null)
        {
            json["mrEnclave"] = report.MrEnclave.ToString();
            json["mrSigner"] = report.MrSigner.ToString();
            json["isvProdId"] = report.IsvProdId;
            json["isvSvn"] = report.IsvSvn;
            json["configId"] = Hex(report.ConfigId);
            json["configSvn"] = report.ConfigSvn;
            json["attributes"] = string.Create(CultureInfo.InvariantCulture, $"0x{(ulong)report.Attributes.Flags:x}");
            json["xfrm"] = string.Create(CultureInfo.InvariantCulture, $"0x{report.Attributes.Xfrm:x}");
            json["miscSelect"] = report.MiscSelect;
            json["cpuSvn"] = Hex(report.CpuSvn);
            json["debug"] = report.Attributes.Flags.HasFlag(AttributeFlags.Debug);
            json["reportData"] = Hex(report.ReportData);
        }
        if (td is not null)
        {
            json["mrTd"] = Hex(td.MrTd);
            json["mrConfigId"] = Hex(td.MrConfigId);
            json["mrOwner"] = Hex(td.MrOwner);
            json["mrOwnerConfig"] = Hex(td.MrOwnerConfig);
            for (var i = 0; i < 4; i++)
            {
                json[string.Create(CultureInfo.InvariantCulture, $"rtmr{i}")] = Hex(td.Rtmr(i));
            }
            json["mrSeam"] = Hex(td.MrSeam);
            json["teeTcbSvn"] = Hex(td.TeeTcbSvn);
            json["teeTcbSvn2"] = td.TeeTcbSvn2 is { } svn ? Hex(svn) : null;
            json["tdAttributes"] = string.Create(CultureInfo.InvariantCulture, $"0x{td.TdAttributes:x}");
            json["xfam"] = string.Create(CultureInfo.InvariantCulture, $"0x{td.Xfam:x}");
            json["debug"] = td.IsDebug;
            json["reportData"] = Hex(td.ReportData);
        }
        return json;
    }

    /// <summary>How current its platform is.</summary>
    public static void AddTcb(JsonObject json, VerifiedQuote quote)
    {
        json["status"] = quote.Tcb?.Status.ToString();
        json["advisoryIds"] = new JsonArray([.. quote.Tcb?.AdvisoryIds.Select(id => (JsonNode)id) ?? []]);
        json["platform"] = Platforms.Name(quote.Platform);
        json["root"] = quote.RootName;
        json["fmspc"] = Hex(quote.Pck.Fmspc);
        if (quote.Tcb is { } tcb)
        {
            json["tcbDate"] = Instant(tcb.Date);
            json["platformStatus"] = tcb.Platform.Status.ToString();
            json["qeStatus"] = tcb.QuotingEnclave.Status.ToString();
            json["tdxModuleStatus"] = tcb.TdxModule?.Status.ToString();
            json["currentStatus"] = tcb.CurrentStatus?.ToString();
            json["tcbEvaluationDataNumber"] = tcb.EvaluationDataNumber;
            json["earliestExpiry"] = Instant(tcb.EarliestExpiry);
            json["earliestExpiryOf"] = tcb.EarliestExpiryOf;
            json["shortfall"] = new JsonArray([.. tcb.Shortfall.Select(line => (JsonNode)line)]);
        }
    }

    public static JsonArray Checks(Appraisal appraisal) => new([.. appraisal.Checks.Select(check => (JsonNode)new JsonObject
    {
        ["rule"] = check.Rule,
        ["passed"] = check.Passed,
        ["found"] = check.Found,
        ["accepted"] = check.Accepted,
        ["advice"] = check.Passed ? null : check.Advice,
    })]);

    /// <summary>Every member on a line of its own.</summary>
    public static void Show(IAnsiConsole people, JsonObject json)
    {
        var facts = new Grid().AddColumn(new GridColumn().NoWrap()).AddColumn();
        foreach (var (name, value) in json)
        {
            if (value is not null and not JsonArray { Count: 0 } and not JsonObject)
            {
                facts.AddRow(new Text(name), new Text(value is JsonArray list ? string.Join(", ", list.Select(each => each!.ToString())) : value.ToString()));
            }
        }
        people.Write(facts);
    }

    public static string Hex(ReadOnlyMemory<byte> bytes) => Convert.ToHexStringLower(bytes.Span);

    public static string Instant(DateTimeOffset instant) => instant.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
}
