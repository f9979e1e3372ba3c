using System.Globalization;
using Guardian.Attestation.Quotes;

namespace Guardian.Attestation.Policy;

/// <summary>One accepted TDX trust domain: every list that is not empty must contain the trust domain's value. Immutable.</summary>
/// <remarks>
/// MRSIGNERSEAM is not here, because the verifier compares it with Intel's TCB info.
/// </remarks>
public sealed record AcceptedTrustDomain
{
    /// <summary>The accepted MRTDs, 48 bytes each. It measures the virtual firmware alone. An empty list accepts nothing.</summary>
    public required IReadOnlyList<ReadOnlyMemory<byte>> MrTds { get; init; }

    /// <summary>The accepted values of RTMR0, 48 bytes each: by convention the virtual machine's configuration.</summary>
    public IReadOnlyList<ReadOnlyMemory<byte>> Rtmr0 { get; init; } = [];

    /// <summary>The accepted values of RTMR1, 48 bytes each: by convention the kernel or boot loader.</summary>
    public IReadOnlyList<ReadOnlyMemory<byte>> Rtmr1 { get; init; } = [];

    /// <summary>The accepted values of RTMR2, 48 bytes each: by convention the kernel's command line and initial file system.</summary>
    public IReadOnlyList<ReadOnlyMemory<byte>> Rtmr2 { get; init; } = [];

    /// <summary>The accepted values of RTMR3, 48 bytes each: by convention the applications.</summary>
    public IReadOnlyList<ReadOnlyMemory<byte>> Rtmr3 { get; init; } = [];

    /// <summary>The accepted MRSEAMs, 48 bytes each: the TDX module. Empty accepts every module that Intel signed.</summary>
    public IReadOnlyList<ReadOnlyMemory<byte>> MrSeams { get; init; } = [];

    /// <summary>The accepted TDATTRIBUTES. Empty accepts those that keep the host out; see <see cref="TdReport.IsClosed"/>.</summary>
    public IReadOnlyList<ulong> Attributes { get; init; } = [];

    /// <summary>The accepted values of XFAM: the extended features of the processor that the trust domain may use. Empty accepts
    /// any.</summary>
    public IReadOnlyList<ulong> Xfams { get; init; } = [];

    /// <summary>The accepted MRCONFIGIDs, 48 bytes each: what the host configured and did not measure. Empty accepts any.</summary>
    public IReadOnlyList<ReadOnlyMemory<byte>> MrConfigIds { get; init; } = [];

    /// <summary>The accepted MROWNERs, 48 bytes each: the owner, as the host named it at launch. Empty accepts any.</summary>
    public IReadOnlyList<ReadOnlyMemory<byte>> MrOwners { get; init; } = [];

    /// <summary>The accepted MROWNERCONFIGs, 48 bytes each: the owner's configuration, likewise. Empty accepts any.</summary>
    public IReadOnlyList<ReadOnlyMemory<byte>> MrOwnerConfigs { get; init; } = [];

    /// <summary>Whether a trust domain matches every list.</summary>
    internal bool Matches(TdReport td) =>
        MrTds.Any(each => each.Span.SequenceEqual(td.MrTd.Span))
        && IsAnyOf(Rtmr0, td.Rtmr(0)) && IsAnyOf(Rtmr1, td.Rtmr(1)) && IsAnyOf(Rtmr2, td.Rtmr(2)) && IsAnyOf(Rtmr3, td.Rtmr(3))
        && IsAnyOf(MrSeams, td.MrSeam) && IsAnyOf(MrConfigIds, td.MrConfigId)
        && IsAnyOf(MrOwners, td.MrOwner) && IsAnyOf(MrOwnerConfigs, td.MrOwnerConfig)
        && (Xfams.Count == 0 || Xfams.Contains(td.Xfam))
        && (Attributes.Count > 0 ? Attributes.Contains(td.TdAttributes) : td.IsClosed);

    /// <summary>Describes the trust domain to people.</summary>
    /// <returns>One line.</returns>
    public override string ToString()
    {
        var parts = new List<string>();
        void Add(string name, IReadOnlyList<ReadOnlyMemory<byte>> values)
        {
            if (values.Count > 0)
            {
                parts.Add($"{name} {string.Join(" or ", values.Select(value => Convert.ToHexStringLower(value.Span)))}");
            }
        }
        Add("mrtd", MrTds);
        Add("rtmr0", Rtmr0);
        Add("rtmr1", Rtmr1);
        Add("rtmr2", Rtmr2);
        Add("rtmr3", Rtmr3);
        Add("mrseam", MrSeams);
        if (Attributes.Count > 0)
        {
            parts.Add($"tdattributes {string.Join(" or ", Attributes.Select(Describe))}");
        }
        if (Xfams.Count > 0)
        {
            parts.Add($"xfam {string.Join(" or ", Xfams.Select(Describe))}");
        }
        Add("mrconfigid", MrConfigIds);
        Add("mrowner", MrOwners);
        Add("mrownerconfig", MrOwnerConfigs);
        return string.Join(", ", parts);
    }

    /// <summary>Describes a trust domain in the same words.</summary>
    internal static string Describe(TdReport td) => new AcceptedTrustDomain
    {
        MrTds = [td.MrTd],
        Rtmr0 = [td.Rtmr(0)],
        Rtmr1 = [td.Rtmr(1)],
        Rtmr2 = [td.Rtmr(2)],
        Rtmr3 = [td.Rtmr(3)],
        MrSeams = [td.MrSeam],
        Attributes = [td.TdAttributes],
        Xfams = [td.Xfam],
        MrConfigIds = NonZero(td.MrConfigId),
        MrOwners = NonZero(td.MrOwner),
        MrOwnerConfigs = NonZero(td.MrOwnerConfig),
    }.ToString();

    /// <summary>Writes TDATTRIBUTES as <c>quote show</c> does.</summary>
    internal static string Describe(ulong attributes) => string.Create(CultureInfo.InvariantCulture, $"0x{attributes:x}");

    // A value that nobody gave would only make the line longer.
    private static IReadOnlyList<ReadOnlyMemory<byte>> NonZero(ReadOnlyMemory<byte> value) =>
        value.Span.ContainsAnyExcept((byte)0) ? [value] : [];

    private static bool IsAnyOf(IReadOnlyList<ReadOnlyMemory<byte>> accepted, ReadOnlyMemory<byte> found) =>
        accepted.Count == 0 || accepted.Any(each => each.Span.SequenceEqual(found.Span));
}
