using System.Globalization;
using Guardian.Attestation.Snp;

namespace Guardian.Attestation.Policy;

/// <summary>One accepted guest of AMD SEV-SNP: every list that is not empty must contain the guest's value. Immutable.</summary>
public sealed record AcceptedSnpGuest
{
    /// <summary>The accepted measurements, 48 bytes each: the guest's memory at launch. An empty list accepts nothing.</summary>
    public required IReadOnlyList<ReadOnlyMemory<byte>> Measurements { get; init; }

    /// <summary>The accepted values of HOST_DATA, 32 bytes each.</summary>
    public IReadOnlyList<ReadOnlyMemory<byte>> HostData { get; init; } = [];

    /// <summary>The accepted values of ID_KEY_DIGEST, 48 bytes each.</summary>
    public IReadOnlyList<ReadOnlyMemory<byte>> IdKeyDigests { get; init; } = [];

    /// <summary>The accepted values of POLICY. Empty accepts those without a migration agent.</summary>
    public IReadOnlyList<ulong> GuestPolicies { get; init; } = [];

    /// <summary>The highest VMPL, and so the lowest privilege, from which a report is accepted: 0 to 3.</summary>
    public uint MaximumVmpl { get; init; }

    /// <summary>The minimum GUEST_SVN.</summary>
    public uint MinimumGuestSvn { get; init; }

    /// <summary>The minimum security versions of the platform; null accepts any.</summary>
    public SnpTcb? MinimumTcb { get; init; }

    /// <summary>Whether a guest has an accepted identity. Its privilege, migration and platform are rules of their own.</summary>
    internal bool Matches(SnpReport report) =>
        Measurements.Any(each => each.Span.SequenceEqual(report.Measurement.Span))
        && IsAnyOf(HostData, report.HostData) && IsAnyOf(IdKeyDigests, report.IdKeyDigest)
        && (GuestPolicies.Count == 0 || GuestPolicies.Contains(report.GuestPolicy))
        && report.GuestSvn >= MinimumGuestSvn;

    /// <summary>Describes the guest to people.</summary>
    /// <returns>One line.</returns>
    public override string ToString()
    {
        var parts = new List<string>();
        void Add(string name, IEnumerable<string> values)
        {
            var text = string.Join(" or ", values);
            if (text.Length > 0)
            {
                parts.Add($"{name} {text}");
            }
        }
        Add("measurement", Measurements.Select(Hex));
        Add("host_data", HostData.Select(Hex));
        Add("id_key_digest", IdKeyDigests.Select(Hex));
        Add("guest_policy", GuestPolicies.Select(AcceptedTrustDomain.Describe));
        if (MinimumGuestSvn > 0)
        {
            parts.Add(string.Create(CultureInfo.InvariantCulture, $"guest_svn at least {MinimumGuestSvn}"));
        }
        return string.Join(", ", parts);
    }

    /// <summary>Describes a guest in the same words.</summary>
    internal static string Describe(SnpReport report) => new AcceptedSnpGuest
    {
        Measurements = [report.Measurement],
        HostData = [report.HostData],
        IdKeyDigests = [report.IdKeyDigest],
        GuestPolicies = [report.GuestPolicy],
        MinimumGuestSvn = 0,
    } + string.Create(CultureInfo.InvariantCulture, $", guest_svn {report.GuestSvn}");

    private static string Hex(ReadOnlyMemory<byte> bytes) => Convert.ToHexStringLower(bytes.Span);

    private static bool IsAnyOf(IReadOnlyList<ReadOnlyMemory<byte>> accepted, ReadOnlyMemory<byte> found) =>
        accepted.Count == 0 || accepted.Any(each => each.Span.SequenceEqual(found.Span));
}
