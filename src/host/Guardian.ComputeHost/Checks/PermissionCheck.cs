using Guardian.ComputeHost.Machine;

namespace Guardian.ComputeHost.Checks;

/// <summary>
/// Checks whether QEMU may open the device when libvirt runs it. libvirt asks QEMU once, under QEMU's own user, and caches the answer.
/// </summary>
internal static class PermissionCheck
{
    private const string Device = "/dev/sgx_vepc";
    private const string DeviceRule = "SUBSYSTEM==\"misc\", KERNEL==\"sgx_vepc\", GROUP=\"kvm\", MODE=\"0660\"";
    private const string Local = "/etc/apparmor.d/local/abstractions/libvirt-qemu";

    /// <param name="host">The host's files.</param>
    /// <param name="libvirt">libvirt's answers; null when there are none.</param>
    public static IEnumerable<Finding> Run(HostRoot host, LibvirtFacts? libvirt)
    {
        if (host.FindOwner(Device) is not { } owner)
        {
            yield break;
        }
        var settings = IniFile.Read(host.ReadLines("/etc/libvirt/qemu.conf"));
        string[] candidates = [settings.GetValueOrDefault(("", "user"))?.Trim('"', '+') ?? "", "libvirt-qemu", "qemu"];
        var accounts = ReadAccounts(host, "/etc/passwd");
        var user = candidates.FirstOrDefault(name => accounts.Any(account => account[0] == name));
        if (user is null)
        {
            yield return new Finding(
                "qemu-user", FindingStatus.Unknown, "the user of libvirt's QEMU is not known",
                $"it must be able to open {Device}", "set user in /etc/libvirt/qemu.conf");
            yield break;
        }
        yield return CheckUser(host, owner, user, accounts.First(account => account[0] == user)[3]);
        if (settings.GetValueOrDefault(("", "security_driver"))?.Contains("none", StringComparison.Ordinal) == true)
        {
            yield return new Finding(
                "confinement", FindingStatus.Warning, "QEMU runs unconfined (security_driver is none)",
                "a guest that breaks out of QEMU reaches the other guests", "remove security_driver from /etc/libvirt/qemu.conf");
        }
        else if (host.ReadText("/sys/module/apparmor/parameters/enabled") == "Y")
        {
            yield return libvirt?.Library >= new Version(11, 1)
                || ReadRules(host).Any(line => line.Contains(Device, StringComparison.Ordinal))
                ? new Finding("confinement", FindingStatus.Ok, "AppArmor lets QEMU use EPC")
                : new Finding(
                    "confinement", FindingStatus.Failed, "AppArmor keeps QEMU from EPC",
                    "libvirt before 11.1 does not name the device in its profiles",
                    $"printf '/dev/sgx_vepc rw,\\n/dev/sgx_provision r,\\n' >> {Local}");
        }
        else if (host.ReadText("/sys/fs/selinux/enforce") is { } isEnforcing)
        {
            yield return isEnforcing == "1"
                ? CheckSeLinux(libvirt)
                : new Finding(
                    "confinement", FindingStatus.Warning, "QEMU runs unconfined (SELinux is permissive)",
                    "a guest that breaks out of QEMU reaches the other guests", "SELINUX=enforcing in /etc/selinux/config, and a restart");
        }
    }

    // A policy without a label for the device keeps QEMU from it. libvirt's answer shows the result of any policy.
    private static Finding CheckSeLinux(LibvirtFacts? libvirt) => libvirt is not null && LibvirtCheck.SeesEpc(libvirt)
        ? new Finding("confinement", FindingStatus.Ok, "SELinux is enforcing, and lets QEMU use EPC")
        : new Finding(
            "confinement", FindingStatus.Warning, "SELinux is enforcing, and may keep QEMU from EPC",
            $"policies without a label for {Device} deny it, and libvirt then believes that there is no EPC",
            "ausearch -m avc -ts boot -c qemu-kvm | audit2allow -M guardian_sgx; semodule -i guardian_sgx.pp; "
            + "then remove libvirt's cached capabilities and restart it");

    private static Finding CheckUser(HostRoot host, FileOwner owner, string user, string mainGroup)
    {
        var isMember = ReadAccounts(host, "/etc/group")
            .Any(group => group[0] == owner.Group && (group[3].Split(',').Contains(user) || group[2] == mainGroup));
        var mayOpen = user == "root"
            || (owner.User == user && (owner.Mode & 0b110_000_000) == 0b110_000_000)
            || (isMember && (owner.Mode & 0b000_110_000) == 0b000_110_000)
            || (owner.Mode & 0b110) == 0b110;
        return mayOpen
            ? new Finding("qemu-user", FindingStatus.Ok, $"{user} may open {Device}")
            : new Finding(
                "qemu-user", FindingStatus.Failed,
                $"{user} may not open {Device} ({owner.User}:{owner.Group}, mode {Convert.ToString(owner.Mode, 8)})",
                "libvirt then believes that there is no EPC",
                owner.Group == "root"
                    ? $"echo '{DeviceRule}' > /etc/udev/rules.d/90-guardian-sgx.rules; udevadm trigger; then restart libvirtd"
                    : $"usermod -aG {owner.Group} {user}; rm /var/cache/libvirt/qemu/capabilities/*.xml; systemctl restart libvirtd");
    }

    private static List<string[]> ReadAccounts(HostRoot host, string path) =>
        [.. host.ReadLines(path).Select(line => line.Split(':')).Where(fields => fields.Length > 3)];

    private static IEnumerable<string> ReadRules(HostRoot host) =>
        host.ReadLines("/etc/apparmor.d/abstractions/libvirt-qemu").Concat(host.ReadLines(Local))
            .Where(line => !line.TrimStart().StartsWith('#'));
}
