using System.Globalization;

namespace Guardian.Node;

/// <summary>Finds EPC among the mappings of a process (proc(5), smaps): its virtual size is what the guest was promised, touched or not.</summary>
internal static class EpcMappings
{
    // Mainline, and the two names that the older out-of-tree drivers used.
    private static readonly string[] Devices = ["/dev/sgx_vepc", "/dev/sgx/virt_epc", "/dev/sgx_virt_epc"];

    /// <summary>The sizes of all EPC mappings in KiB. Never throws for any content.</summary>
    // start-end perms offset device inode path, then lines of "Name:   number kB"
    public static IReadOnlyList<long> Read(IEnumerable<string> smaps)
    {
        var sizes = new List<long>();
        var isEpc = false;
        foreach (var line in smaps)
        {
            var fields = line.Split(' ', 6, StringSplitOptions.RemoveEmptyEntries);
            if (fields.Length >= 5 && fields[0].Contains('-', StringComparison.Ordinal) && !fields[0].EndsWith(':'))
            {
                isEpc = fields.Length == 6 && Devices.Contains(fields[5].Trim());
            }
            else if (isEpc && fields is ["Size:", var number, "kB"] && long.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var size))
            {
                sizes.Add(size);
                isEpc = false;
            }
        }
        return sizes;
    }
}
