using Guardian.Attestation.Policy;
using Guardian.Attestation.Snp;
using Guardian.Documents;

namespace Guardian.Policies;

/// <summary>Reads a variant that names a guest of SEV-SNP.</summary>
internal static class SnpVariantReader
{
    private static readonly string[] Members =
        ["measurement", "host_data", "id_key_digest", "guest_policy", "vmpl_max", "guest_svn_min", "tcb_min"];

    /// <summary>Whether a variant names such a guest. A misplaced member of an enclave is then unknown where it stands.</summary>
    public static bool IsSnpGuest(YamlMap variant) => variant.Names.Any(Members.Contains);

    public static AcceptedIdentity Read(YamlMap variant)
    {
        var guest = new AcceptedSnpGuest
        {
            Measurements = PolicyReader.ReadHexList(variant, "measurement", 48),
            HostData = PolicyReader.ReadHexList(variant, "host_data", 32),
            IdKeyDigests = PolicyReader.ReadHexList(variant, "id_key_digest", 48),
            GuestPolicies =
            [.. PolicyReader.ReadList(variant, "guest_policy").Select(text => PolicyReader.ReadFlags(text, "a guest policy"))],
            MaximumVmpl = (uint)(variant.OptionalInteger("vmpl_max", 0, 3) ?? 0),
            MinimumGuestSvn = (uint)(variant.OptionalInteger("guest_svn_min", 0, uint.MaxValue) ?? 0),
            MinimumTcb = variant.Map("tcb_min") is { } tcb ? ReadTcb(tcb) : null,
        };
        if (!variant.Has("measurement"))
        {
            variant.Report("name a guest by 'measurement'");
        }
        variant.End();
        return new AcceptedIdentity { SnpGuest = guest };
    }

    private static SnpTcb ReadTcb(YamlMap map)
    {
        byte Version(string name) => (byte)map.Integer(name, 0, byte.MaxValue);
        var tcb = new SnpTcb(
            Version("bootloader"), Version("tee"), Version("snp"), Version("microcode"),
            (byte?)map.OptionalInteger("fmc", 0, byte.MaxValue));
        map.End();
        return tcb;
    }
}
