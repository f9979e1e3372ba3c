using System.Globalization;

namespace Guardian.ComputeHost.Guests;

/// <summary>
/// Finds EPC among the mappings of a process (proc(5), maps). A mapping's size is the EPC that the guest was promised, whether it has
/// used it or not.
/// </summary>
internal static class EpcMappings
{
    // Mainline, and the two names that the older out-of-tree drivers used.
    private static readonly string[] Devices = ["/dev/sgx_vepc", "/dev/sgx/virt_epc", "/dev/sgx_virt_epc"];

    /// <summary>Adds up the sizes of all EPC mappings in bytes. Never throws for any content.</summary>
    // start-end perms offset device inode path; addresses in hex
    public static long SumBytes(IEnumerable<string> maps)
    {
        var total = 0L;
        foreach (var line in maps)
        {
            if (line.Split(' ', 6, StringSplitOptions.RemoveEmptyEntries) is [var range, _, _, _, _, var path]
                && Devices.Contains(path.Trim())
                && range.Split('-') is [var start, var end]
                && TryReadAddress(start, out var from) && TryReadAddress(end, out var to) && from < to)
            {
                total = to - from > long.MaxValue - total ? long.MaxValue : total + (to - from);
            }
        }
        return total;
    }

    private static bool TryReadAddress(string address, out long value) =>
        long.TryParse(address, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out value) && value >= 0;
}
