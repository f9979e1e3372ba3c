namespace Guardian.OpenStack.Setup;

/// <summary>The free resources of one host.</summary>
/// <param name="Vcpus">Virtual processors.</param>
/// <param name="Ram">MiB.</param>
/// <param name="Disk">GiB.</param>
/// <param name="Sections">MiB of EPC by section.</param>
internal sealed record HostRoom(long Vcpus, long Ram, long Disk, IReadOnlyList<long> Sections)
{
    // No host runs so many guests, and a flavor may ask for no processor.
    private const long MaxServers = 100_000;

    /// <summary>Counts the servers that fit.</summary>
    /// <param name="vcpus">Virtual processors of one.</param>
    /// <param name="ram">MiB of one.</param>
    /// <param name="disk">GiB of one.</param>
    /// <param name="parts">MiB of EPC of one, each part from one section.</param>
    /// <param name="isIsolated">Whether each part comes from a section of its own.</param>
    /// <remarks>Each part takes the fullest section that holds it, which leaves the largest rooms for later parts.</remarks>
    public long Count(long vcpus, long ram, long disk, IReadOnlyList<long> parts, bool isIsolated)
    {
        static long Fit(long free, long each) => each == 0 ? MaxServers : free / each;
        var most = Math.Min(Math.Min(Fit(Vcpus, vcpus), Fit(Ram, ram)), Math.Min(Fit(Disk, disk), MaxServers));
        var free = Sections.ToArray();
        var count = 0L;
        while (count < most && TryPlace(free, parts, isIsolated))
        {
            count++;
        }
        return count;
    }

    private static bool TryPlace(long[] free, IReadOnlyList<long> parts, bool isIsolated)
    {
        var used = new HashSet<int>();
        foreach (var part in parts.OrderDescending())
        {
            var section = Enumerable.Range(0, free.Length).Where(index => free[index] >= part && !(isIsolated && used.Contains(index)))
                .OrderBy(index => free[index]).Select(index => (int?)index).FirstOrDefault();
            if (section is not { } found)
            {
                return false;
            }
            free[found] -= part;
            used.Add(found);
        }
        return true;
    }
}
