using System.CommandLine;
using System.Globalization;
using System.Text.Json.Serialization;
using Guardian.Attestation.Collateral;
using Guardian.Attestation.Quotes;
using Guardian.Cli.Failures;
using Guardian.Cli.Inputs;
using Guardian.Cli.Output;

namespace Guardian.Cli.Commands.Quotes;

/// <summary><c>guardian quote show</c>.</summary>
internal sealed class QuoteShowCommand : LocalCommand
{
    private readonly Argument<string> quote = CreateQuoteArgument();

    public QuoteShowCommand() : base("show", "Show the content of a quote, unverified.") => AddSymbols(quote);

    /// <summary>The argument that names a quote.</summary>
    public static Argument<string> CreateQuoteArgument() => new("QUOTE")
    {
        Description = "The quote: raw, hex or base64; - reads standard input.",
    };

    protected override int Run(ParseResult arguments, Terminal terminal)
    {
        var result = new QuoteShowResult(QuoteFile.Parse(arguments.GetRequiredValue(quote)));
        terminal.Show(
            result, QuotesJson.Default.QuoteShowResult, people => people.WriteFacts(Facts.Of(result, QuotesJson.Default.QuoteShowResult)));
        return ExitCode.Done;
    }
}

/// <summary>The result of <c>quote show</c>.</summary>
internal sealed record QuoteShowResult : QuoteIdentity
{
    internal QuoteShowResult(Quote quote) : base(quote.Tee, quote.Report, quote.TdReport)
    {
        Version = quote.Version;
        QeMrSigner = quote.QeReport.MrSigner.ToString();
        QeIsvProdId = quote.QeReport.IsvProdId;
        QeIsvSvn = quote.QeReport.IsvSvn;
        CertificationDataType = quote.CertificationDataType;
        var platform = PlatformId.Of(quote);
        (Fmspc, PckCa) = (platform?.Fmspc, platform?.Authority);
        Needs = platform is null
            ? "the platform's PCK certificate chain, which the quote does not contain: quote verify --pck-chain FILE"
            : null;
        if (QuotedPlatform.Of(quote) is { } named)
        {
            EncryptedPpid = named.IsEncrypted ? Format.Hex(named.Ppid) : null;
            Ppid = named.IsEncrypted ? null : Format.Hex(named.Ppid);
            PckCpuSvn = Format.Hex(named.CpuSvn);
            PceSvn = named.PceSvn;
            PceId = named.PceId.ToString("x4", CultureInfo.InvariantCulture);
        }
    }

    [JsonPropertyOrder(-1)]
    public bool Verified { get; }

    [JsonPropertyOrder(-1)]
    public int Version { get; }

    [JsonPropertyOrder(1)]
    public string QeMrSigner { get; }

    [JsonPropertyOrder(1)]
    public ushort QeIsvProdId { get; }

    [JsonPropertyOrder(1)]
    public ushort QeIsvSvn { get; }

    [JsonPropertyOrder(1)]
    public ushort CertificationDataType { get; }

    [JsonPropertyOrder(1)]
    public string? Fmspc { get; }

    /// <summary>The authority that issued the platform's certificate.</summary>
    [JsonPropertyOrder(1)]
    public string? PckCa { get; }

    /// <summary>The missing input of a verification; null when the quote is complete.</summary>
    [JsonPropertyOrder(1)]
    public string? Needs { get; }

    [JsonPropertyOrder(1)]
    public string? EncryptedPpid { get; }

    [JsonPropertyOrder(1)]
    public string? Ppid { get; }

    [JsonPropertyOrder(1)]
    public string? PckCpuSvn { get; }

    [JsonPropertyOrder(1)]
    public ushort? PceSvn { get; }

    [JsonPropertyOrder(1)]
    public string? PceId { get; }
}
