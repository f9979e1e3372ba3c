namespace Guardian.ComputeHost.Machine;

/// <summary>Names the command that installs packages on a machine.</summary>
internal static class Packages
{
    private static readonly string[] RpmFamilies = ["fedora", "rhel", "centos"];
    private static readonly string[] DebFamilies = ["debian", "ubuntu"];

    /// <summary>Makes the command.</summary>
    /// <param name="host">The machine.</param>
    /// <param name="deb">The packages' names in Debian and Ubuntu.</param>
    /// <param name="rpm">The packages' names in Fedora, RHEL and SUSE.</param>
    public static string Install(HostRoot host, string deb, string rpm)
    {
        // os-release(5): ID and ID_LIKE, with or without quotes.
        var families = host.ReadLines("/etc/os-release").Select(line => line.Split('=', 2))
            .Where(pair => pair.Length == 2 && pair[0] is ("ID" or "ID_LIKE")).SelectMany(pair => pair[1].Trim('"', '\'').Split(' '))
                .ToList();
        return families.Intersect(DebFamilies).Any() ? $"apt-get install {deb}"
            : families.Intersect(RpmFamilies).Any() ? $"dnf install {rpm}"
            : families.Contains("suse") ? $"zypper install {rpm}"
            : $"apt-get install {deb} (Debian, Ubuntu), or dnf install {rpm} (RHEL, Fedora)";
    }
}
