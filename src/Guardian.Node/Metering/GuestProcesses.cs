using System.Globalization;
using System.Text;

namespace Guardian.Node;

/// <summary>Looks at the host's processes for QEMUs with EPC. What it cannot read, it passes over: processes end while they are looked at.</summary>
public sealed class GuestProcesses(string root = "/proc")
{
    // proc(5), stat, field 22: in hundredths of a second whatever the kernel's own tick is.
    private const long MillisecondsPerTick = 10;

    private const int StartTimeField = 22;

    // Mainline, and the two names that the older out-of-tree drivers used.
    private static readonly string[] Devices = ["/dev/sgx_vepc", "/dev/sgx/virt_epc", "/dev/sgx_virt_epc"];

    /// <summary>All that map EPC, one for each instance.</summary>
    public IReadOnlyCollection<GuestProcess> List()
    {
        var guests = new Dictionary<Guid, GuestProcess>();
        foreach (var folder in Directory.EnumerateDirectories(root))
        {
            if (int.TryParse(Path.GetFileName(folder), NumberStyles.None, CultureInfo.InvariantCulture, out var process) && TryRead(folder, process) is { } guest)
            {
                guests[guest.Instance] = guest;
            }
        }
        return guests.Values;
    }

    private static GuestProcess? TryRead(string folder, int process)
    {
        try
        {
            // libvirt gives QEMU the domain's UUID, which is the server's.
            var arguments = File.ReadAllText(Path.Combine(folder, "cmdline"), Encoding.UTF8).Split('\0');
            var uuid = Array.IndexOf(arguments, "-uuid") is var index and >= 0 && index + 1 < arguments.Length ? arguments[index + 1] : "";
            if (!Guid.TryParse(uuid, out var instance) || ReadMapped(Path.Combine(folder, "maps")) is not (var mapped and > 0))
            {
                return null;
            }
            // The second field, the program's name in brackets, may hold anything.
            var stat = File.ReadAllText(Path.Combine(folder, "stat"));
            var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
            return new GuestProcess(instance, process, mapped / (1024 * 1024), long.Parse(fields[StartTimeField - 3], CultureInfo.InvariantCulture) * MillisecondsPerTick);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or FormatException or OverflowException or ArgumentOutOfRangeException or IndexOutOfRangeException)
        {
            return null;
        }
    }

    // start-end perms offset dev inode path
    private static long ReadMapped(string path)
    {
        var total = 0L;
        foreach (var line in File.ReadLines(path))
        {
            var device = line.LastIndexOf(' ') is var blank and >= 0 ? line[(blank + 1)..] : "";
            if (Devices.Contains(device) && line.IndexOf('-', StringComparison.Ordinal) is var dash and > 0 && line.IndexOf(' ', StringComparison.Ordinal) is var end && end > dash)
            {
                total += long.Parse(line.AsSpan(dash + 1, end - dash - 1), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture)
                    - long.Parse(line.AsSpan(0, dash), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
            }
        }
        return total;
    }
}
