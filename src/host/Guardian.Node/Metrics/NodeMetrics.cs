using System.Globalization;

namespace Guardian.Node.Metrics;

/// <summary>One section of the host's EPC, in MiB.</summary>
/// <param name="Node">The host's NUMA node.</param>
/// <param name="Total">The size.</param>
/// <param name="Reserved">The part that is kept for the host's own enclaves.</param>
/// <param name="Claimed">The claims in Placement; null when Placement was not asked.</param>
internal readonly record struct SectionMetrics(int Node, long Total, long Reserved, long? Claimed)
{
    /// <summary>The part that is neither reserved nor claimed; null when Placement was not asked.</summary>
    public long? Free => Claimed is { } claimed ? Math.Max(0, Total - Reserved - claimed) : null;
}

/// <summary>One guest's EPC, in MiB.</summary>
/// <param name="Instance">The server.</param>
/// <param name="Project">The project that pays; null when it is not known.</param>
/// <param name="Flavor">The flavor's name; null when it is not known.</param>
/// <param name="Claimed">The EPC of its definition.</param>
/// <param name="Mapped">The EPC that its QEMU has mapped; 0 when it does not run.</param>
internal sealed record GuestMetrics(Guid Instance, string? Project, string? Flavor, long Claimed, long Mapped);

/// <summary>Writes the metrics of EPC: the host's, its sections' and its guests'.</summary>
internal static class NodeMetrics
{
    private const long BytesPerMebibyte = 1024 * 1024;
    private const string Gauge = "gauge";

    /// <summary>Writes a part of the answer of <c>/metrics</c>.</summary>
    /// <param name="host">Nova's name of this host.</param>
    /// <param name="isHealthy">Whether the host's check passes; null when it has not run.</param>
    /// <param name="sections">The host's EPC sections.</param>
    /// <param name="guests">The guests that are defined here with EPC.</param>
    public static string Write(
        string host, bool? isHealthy, IReadOnlyList<SectionMetrics> sections, IReadOnlyList<GuestMetrics> guests)
    {
        var text = new MetricsText(host);
        if (isHealthy is { } healthy)
        {
            text.AddSingle("guardian_host_healthy", Gauge, "Whether the host's check passes.", healthy ? 1 : 0);
        }
        void AddSections(string name, string help, Func<SectionMetrics, long?> mebibytes)
        {
            text.AddFamily(name, Gauge, help);
            foreach (var section in sections.Where(section => mebibytes(section) is not null))
            {
                var node = section.Node.ToString(CultureInfo.InvariantCulture);
                text.AddSample(name, mebibytes(section)!.Value * BytesPerMebibyte, ("node", node));
            }
        }
        AddSections("guardian_epc_total_bytes", "EPC of a section.", section => section.Total);
        AddSections(
            "guardian_epc_reserved_bytes", "EPC of a section that is kept for the host's own enclaves.", section => section.Reserved);
        AddSections(
            "guardian_epc_section_claimed_bytes", "EPC of a section that Placement has claimed for guests.", section => section.Claimed);
        AddSections(
            "guardian_epc_section_free_bytes", "EPC of a section that is neither reserved nor claimed.", section => section.Free);
        var (total, reserved) = (sections.Sum(section => section.Total), sections.Sum(section => section.Reserved));
        var (claimed, mapped) = (guests.Sum(guest => guest.Claimed), guests.Sum(guest => guest.Mapped));
        text.AddSingle(
            "guardian_epc_claimed_bytes", Gauge, "EPC of the guests that are defined on the host.", claimed * BytesPerMebibyte);
        text.AddSingle("guardian_epc_mapped_bytes", Gauge, "EPC that running guests have mapped.", mapped * BytesPerMebibyte);
        text.AddSingle(
            "guardian_epc_free_bytes", Gauge, "EPC that is neither reserved nor claimed.",
            Math.Max(0, total - reserved - claimed) * BytesPerMebibyte);
        void AddGuests(string name, string help, Func<GuestMetrics, long> value)
        {
            text.AddFamily(name, Gauge, help);
            foreach (var guest in guests)
            {
                text.AddSample(
                    name, value(guest), ("instance_id", guest.Instance.ToString()), ("project_id", guest.Project),
                    ("flavor", guest.Flavor));
            }
        }
        AddGuests("guardian_instance_epc_mebibytes", "EPC of a guest.", guest => guest.Claimed);
        AddGuests(
            "guardian_instance_epc_mapped_bytes", "EPC that a guest's QEMU has mapped.", guest => guest.Mapped * BytesPerMebibyte);
        return text.ToString();
    }
}
