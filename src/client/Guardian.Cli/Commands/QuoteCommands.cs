using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Guardian.Attestation.Collateral;
using Guardian.Attestation.Quotes;
using Guardian.Cli.Quotes;

namespace Guardian.Cli.Commands;

/// <summary><c>guardian quote</c>: evidence of enclaves and trust domains, and what Intel says of their platforms.</summary>
internal static class QuoteCommands
{
    public static Command Create() => new("quote", "Show and verify quotes of SGX enclaves and TDX trust domains.")
    {
        CreateShow(),
        QuoteVerifyCommand.Create(),
        CollateralCommands.Create(),
    };

    public static Argument<string> QuoteArgument() => new("QUOTE") { Description = "The quote: raw, hex or base64; - reads standard input." };

    /// <exception cref="CliException">It is no quote.</exception>
    public static Quote Parse(string path)
    {
        var (quote, refusal) = Quote.TryParse(QuoteFile.Read(path));
        return quote ?? throw new CliException(
            ExitCode.Refused, refusal!.Code, $"{path} is no quote: {refusal.Detail}",
            refusal.Location?.Offset is { } offset ? [$"at byte {offset}"] : []);
    }

    private static Command CreateShow()
    {
        var path = QuoteArgument();
        var show = new Command("show", "Show what a quote says, unverified.") { path };
        show.Runs((arguments, terminal) =>
        {
            var quote = Parse(arguments.GetRequiredValue(path));
            var json = new JsonObject { ["verified"] = false, ["version"] = quote.Version };
            foreach (var (name, value) in QuoteView.Identity(quote.Tee, quote.Report, quote.TdReport).ToList())
            {
                json[name] = value?.DeepClone();
            }
            json["qeMrSigner"] = quote.QeReport.MrSigner.ToString();
            json["qeIsvProdId"] = quote.QeReport.IsvProdId;
            json["qeIsvSvn"] = quote.QeReport.IsvSvn;
            json["certificationDataType"] = quote.CertificationDataType;
            if (PlatformId.Of(quote) is { } platform)
            {
                json["fmspc"] = platform.Fmspc;
                json["pckCa"] = platform.Authority;
            }
            else
            {
                json["needs"] = "the platform's PCK certificate chain, which the quote does not carry: quote verify --pck-chain FILE";
            }
            if (QuotedPlatform.Of(quote) is { } named)
            {
                json[named.IsEncrypted ? "encryptedPpid" : "ppid"] = QuoteView.Hex(named.Ppid);
                json["pckCpuSvn"] = QuoteView.Hex(named.CpuSvn);
                json["pceSvn"] = named.PceSvn;
                json["pceId"] = named.PceId.ToString("x4", CultureInfo.InvariantCulture);
            }
            terminal.Show(json, people => QuoteView.Show(people, json));
            return ExitCode.Done;
        });
        return show;
    }
}
