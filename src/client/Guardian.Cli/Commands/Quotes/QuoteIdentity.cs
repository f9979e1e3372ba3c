using System.Globalization;
using System.Text.Json.Serialization;
using Guardian.Attestation.Quotes;
using Guardian.Cli.Output;
using Guardian.Sgx;
using Guardian.Sgx.Reports;

namespace Guardian.Cli.Commands.Quotes;

/// <summary>The enclave or trust domain that a quote speaks for. The values of the other kind are null.</summary>
internal abstract record QuoteIdentity
{
    /// <summary>Leaves every value empty: claims that are not verified are not repeated.</summary>
    private protected QuoteIdentity()
    {
    }

    private protected QuoteIdentity(TeeType tee, ReportBody? report, TdReport? td)
    {
        Tee = Name(tee);
        if (report is not null)
        {
            MrEnclave = report.MrEnclave.ToString();
            MrSigner = report.MrSigner.ToString();
            IsvProdId = report.IsvProdId;
            IsvSvn = report.IsvSvn;
            ConfigId = Format.Hex(report.ConfigId);
            ConfigSvn = report.ConfigSvn;
            Attributes = Hex((ulong)report.Attributes.Flags);
            Xfrm = Hex(report.Attributes.Xfrm);
            MiscSelect = report.MiscSelect;
            CetAttributes = report.CetAttributes;
            CpuSvn = Format.Hex(report.CpuSvn);
            Debug = report.Attributes.Flags.HasFlag(AttributeFlags.Debug);
            ReportData = Format.Hex(report.ReportData);
        }
        if (td is not null)
        {
            MrTd = Format.Hex(td.MrTd);
            MrConfigId = Format.Hex(td.MrConfigId);
            MrOwner = Format.Hex(td.MrOwner);
            MrOwnerConfig = Format.Hex(td.MrOwnerConfig);
            (Rtmr0, Rtmr1, Rtmr2, Rtmr3) = (Format.Hex(td.Rtmr(0)), Format.Hex(td.Rtmr(1)), Format.Hex(td.Rtmr(2)), Format.Hex(td.Rtmr(3)));
            MrSeam = Format.Hex(td.MrSeam);
            TeeTcbSvn = Format.Hex(td.TeeTcbSvn);
            TeeTcbSvn2 = td.TeeTcbSvn2 is { } svn ? Format.Hex(svn) : null;
            TdAttributes = Hex(td.TdAttributes);
            Xfam = Hex(td.Xfam);
            Debug = td.IsDebug;
            ReportData = Format.Hex(td.ReportData);
        }
    }

    /// <summary><c>sgx</c> or <c>tdx</c>.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public string? Tee { get; }

    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public string? MrEnclave { get; }

    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public string? MrSigner { get; }

    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public ushort? IsvProdId { get; }

    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public ushort? IsvSvn { get; }

    public string? ConfigId { get; }

    public ushort? ConfigSvn { get; }

    public string? Attributes { get; }

    public string? Xfrm { get; }

    public uint? MiscSelect { get; }

    public byte? CetAttributes { get; }

    public string? CpuSvn { get; }

    public string? MrTd { get; }

    public string? MrConfigId { get; }

    public string? MrOwner { get; }

    public string? MrOwnerConfig { get; }

    public string? Rtmr0 { get; }

    public string? Rtmr1 { get; }

    public string? Rtmr2 { get; }

    public string? Rtmr3 { get; }

    public string? MrSeam { get; }

    public string? TeeTcbSvn { get; }

    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public string? TeeTcbSvn2 { get; }

    public string? TdAttributes { get; }

    public string? Xfam { get; }

    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public bool? Debug { get; }

    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public string? ReportData { get; }

    /// <summary>The short name of a kind of enclave.</summary>
    public static string Name(TeeType tee) => tee == TeeType.Tdx ? "tdx" : "sgx";

    private static string Hex(ulong value) => string.Create(CultureInfo.InvariantCulture, $"0x{value:x}");
}
