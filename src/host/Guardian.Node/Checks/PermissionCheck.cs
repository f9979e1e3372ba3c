namespace Guardian.Node.Checks;

/// <summary>Whether QEMU, as libvirt runs it, may open the device: libvirt asks it once under its own user, and believes what it finds.</summary>
internal static class PermissionCheck
{
    private const string Device = "/dev/sgx_vepc";
    private const string Local = "/etc/apparmor.d/local/abstractions/libvirt-qemu";

    /// <param name="library">libvirt's version, or null when it is not known.</param>
    public static IEnumerable<Finding> Run(HostRoot host, Version? library)
    {
        if (host.Owner(Device) is not { } owner)
        {
            yield break;
        }
        var settings = IniFile.Read(host.Lines("/etc/libvirt/qemu.conf"));
        string[] candidates = [settings.GetValueOrDefault(("", "user"))?.Trim('"', '+') ?? "", "libvirt-qemu", "qemu"];
        var accounts = host.Lines("/etc/passwd").Select(line => line.Split(':')).Where(fields => fields.Length > 3).ToList();
        var user = candidates.FirstOrDefault(name => accounts.Any(account => account[0] == name));
        if (user is null)
        {
            yield return new Finding("qemu-user", FindingStatus.Unknown, "the user that libvirt runs QEMU as is not known", "it must be able to open /dev/sgx_vepc", "set user in /etc/libvirt/qemu.conf");
            yield break;
        }
        var groups = host.Lines("/etc/group").Select(line => line.Split(':')).Where(fields => fields.Length > 3).ToList();
        var isMember = groups.Any(group => group[0] == owner.Group && (group[3].Split(',').Contains(user) || group[2] == accounts.First(account => account[0] == user)[3]));
        yield return user == "root" || (owner.User == user && (owner.Mode & 0b110_000_000) == 0b110_000_000) || (isMember && (owner.Mode & 0b000_110_000) == 0b000_110_000) || (owner.Mode & 0b110) == 0b110
            ? new Finding("qemu-user", FindingStatus.Ok, $"{user} may open {Device}")
            : new Finding(
                "qemu-user", FindingStatus.Failed, $"{user} may not open {Device} ({owner.User}:{owner.Group}, mode {Convert.ToString(owner.Mode, 8)})",
                "libvirt then believes that there is no EPC",
                owner.Group == "root"
                    ? "echo 'SUBSYSTEM==\"misc\", KERNEL==\"sgx_vepc\", GROUP=\"kvm\", MODE=\"0660\"' > /etc/udev/rules.d/90-guardian-sgx.rules; udevadm trigger; then restart libvirtd"
                    : $"usermod -aG {owner.Group} {user}; rm /var/cache/libvirt/qemu/capabilities/*.xml; systemctl restart libvirtd");
        if (settings.GetValueOrDefault(("", "security_driver"))?.Contains("none", StringComparison.Ordinal) == true)
        {
            yield return new Finding("confinement", FindingStatus.Warning, "QEMU runs unconfined (security_driver is none)", "a guest that breaks out of QEMU reaches the other guests", "remove security_driver from /etc/libvirt/qemu.conf");
        }
        else if (host.Text("/sys/module/apparmor/parameters/enabled") == "Y")
        {
            yield return library >= new Version(11, 1) || Rules(host).Any(line => line.Contains("/dev/sgx_vepc", StringComparison.Ordinal))
                ? new Finding("confinement", FindingStatus.Ok, "AppArmor lets QEMU use EPC")
                : new Finding(
                    "confinement", FindingStatus.Failed, "AppArmor keeps QEMU from EPC", "libvirt before 11.1 does not name the device in its profiles",
                    $"printf '/dev/sgx_vepc rw,\\n/dev/sgx_provision r,\\n' >> {Local}");
        }
    }

    private static IEnumerable<string> Rules(HostRoot host) =>
        host.Lines("/etc/apparmor.d/abstractions/libvirt-qemu").Concat(host.Lines(Local)).Where(line => !line.TrimStart().StartsWith('#'));
}
