using System.Globalization;
using System.Text;

namespace Guardian.Node.Metrics;

/// <summary>One section of the host's EPC, in MiB.</summary>
/// <param name="Claimed">What Placement has claimed of it; null when it was not asked.</param>
public readonly record struct SectionMetrics(int Node, long Total, long Reserved, long? Claimed);

/// <summary>One guest's EPC, in MiB.</summary>
/// <param name="Claimed">What its definition has.</param>
/// <param name="Mapped">What its QEMU has mapped; 0 when it does not run.</param>
public sealed record GuestMetrics(Guid Instance, string? Project, string? Flavor, long Claimed, long Mapped);

/// <summary>Writes what the node knows in the text format of Prometheus, version 0.0.4.</summary>
public static class NodeMetrics
{
    private const long BytesPerMebibyte = 1024 * 1024;

    /// <summary>The whole answer of <c>/metrics</c>: the lines of a metric are one group, as the format wants it.</summary>
    public static string Write(string host, bool? isHealthy, IReadOnlyList<SectionMetrics> sections, IReadOnlyList<GuestMetrics> guests)
    {
        ArgumentNullException.ThrowIfNull(sections);
        ArgumentNullException.ThrowIfNull(guests);
        var text = new StringBuilder();
        void Family(string name, string help) => text.Append(CultureInfo.InvariantCulture, $"# HELP {name} {help}\n# TYPE {name} gauge\n");
        void Sample(string name, long value, params (string Name, string? Value)[] labels) => text.Append(
            CultureInfo.InvariantCulture, $"{name}{{{string.Join(',', labels.Select(label => $"{label.Name}=\"{Escape(label.Value ?? "")}\""))}}} {value}\n");

        if (isHealthy is { } healthy)
        {
            Family("guardian_host_healthy", "Whether the host's check passes.");
            Sample("guardian_host_healthy", healthy ? 1 : 0, ("host", host));
        }
        void OfSections(string name, string help, Func<SectionMetrics, long?> mebibytes)
        {
            Family(name, help);
            foreach (var section in sections.Where(section => mebibytes(section) is not null))
            {
                Sample(name, mebibytes(section)!.Value * BytesPerMebibyte, ("host", host), ("node", section.Node.ToString(CultureInfo.InvariantCulture)));
            }
        }
        OfSections("guardian_epc_total_bytes", "EPC of a section.", section => section.Total);
        OfSections("guardian_epc_reserved_bytes", "EPC of a section that is kept for the host's own enclaves.", section => section.Reserved);
        OfSections("guardian_epc_section_claimed_bytes", "EPC of a section that Placement has claimed for guests.", section => section.Claimed);
        OfSections(
            "guardian_epc_section_free_bytes", "EPC of a section that is neither reserved nor claimed.", section => section.Claimed is { } taken ? Math.Max(0, section.Total - section.Reserved - taken) : null);
        var (total, reserved, claimed, mapped) = (sections.Sum(section => section.Total), sections.Sum(section => section.Reserved), guests.Sum(guest => guest.Claimed), guests.Sum(guest => guest.Mapped));
        Family("guardian_epc_claimed_bytes", "EPC of the guests that are defined on the host.");
        Sample("guardian_epc_claimed_bytes", claimed * BytesPerMebibyte, ("host", host));
        Family("guardian_epc_mapped_bytes", "EPC that running guests have mapped.");
        Sample("guardian_epc_mapped_bytes", mapped * BytesPerMebibyte, ("host", host));
        Family("guardian_epc_free_bytes", "EPC that is neither reserved nor claimed.");
        Sample("guardian_epc_free_bytes", Math.Max(0, total - reserved - claimed) * BytesPerMebibyte, ("host", host));
        void OfGuests(string name, string help, Func<GuestMetrics, long> value)
        {
            Family(name, help);
            foreach (var guest in guests)
            {
                Sample(name, value(guest), ("host", host), ("instance_id", guest.Instance.ToString()), ("project_id", guest.Project), ("flavor", guest.Flavor));
            }
        }
        OfGuests("guardian_instance_epc_mebibytes", "EPC of a guest.", guest => guest.Claimed);
        OfGuests("guardian_instance_epc_mapped_bytes", "EPC that a guest's QEMU has mapped.", guest => guest.Mapped * BytesPerMebibyte);
        return text.ToString();
    }

    // A tenant may name a flavor or a project anything.
    private static string Escape(string value) => value.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal);
}
