using System.Globalization;
using System.Text;

namespace Guardian.Node.Processes;

/// <summary>A running QEMU with EPC, as the kernel shows it.</summary>
/// <param name="Process">Its process identifier.</param>
/// <param name="Mebibytes">EPC that is mapped.</param>
/// <param name="StartedAt">The host's uptime then, in milliseconds.</param>
public readonly record struct GuestProcess(Guid Instance, int Process, long Mebibytes, long StartedAt);

/// <summary>Looks for guests among the host's processes. What it cannot read, it passes over: processes end while they are looked at.</summary>
public sealed class GuestProcesses(string root = "/proc")
{
    private const int BytesPerMebibyte = 1024 * 1024;

    // proc(5), stat, field 22: in hundredths of a second whatever the kernel's own tick is.
    private const long MillisecondsPerTick = 10;

    private const int StartTimeField = 22;

    /// <summary>All that map EPC, one for each instance.</summary>
    public IReadOnlyCollection<GuestProcess> List()
    {
        var guests = new Dictionary<Guid, GuestProcess>();
        foreach (var (instance, process) in Qemus())
        {
            if (ReadMapped(process) is { } mapped and > 0 && ReadStart(process) is { } start)
            {
                guests[instance] = new GuestProcess(instance, process, mapped / BytesPerMebibyte, start);
            }
        }
        return guests.Values;
    }

    /// <summary>The identifier of an instance's process; null when it does not run here.</summary>
    public int? Find(Guid instance) => Qemus().Where(qemu => qemu.Instance == instance).Select(qemu => (int?)qemu.Process).FirstOrDefault();

    /// <summary>How much EPC a process has mapped, in bytes; null when that cannot be read.</summary>
    public long? ReadMapped(int process) => TryRead(process, "maps", path => EpcMappings.Read(File.ReadLines(path)), out var mapped) ? mapped : null;

    // libvirt gives QEMU the domain's UUID, which is the server's.
    private IEnumerable<(Guid Instance, int Process)> Qemus()
    {
        foreach (var folder in Directory.EnumerateDirectories(root))
        {
            if (int.TryParse(Path.GetFileName(folder), NumberStyles.None, CultureInfo.InvariantCulture, out var process)
                && TryRead(process, "cmdline", path => File.ReadAllText(path, Encoding.UTF8).Split('\0'), out var arguments)
                && Array.IndexOf(arguments, "-uuid") is var index and >= 0 && index + 1 < arguments.Length && Guid.TryParse(arguments[index + 1], out var instance))
            {
                yield return (instance, process);
            }
        }
    }

    // The second field of stat, the program's name in brackets, may hold anything.
    private long? ReadStart(int process) => TryRead(process, "stat", File.ReadAllText, out var stat)
        && stat[(stat.LastIndexOf(')') + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries) is { Length: > StartTimeField - 3 } fields
        && long.TryParse(fields[StartTimeField - 3], NumberStyles.None, CultureInfo.InvariantCulture, out var ticks) && ticks <= long.MaxValue / MillisecondsPerTick
            ? ticks * MillisecondsPerTick
            : null;

    private bool TryRead<T>(int process, string file, Func<string, T> read, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out T? value)
    {
        try
        {
            value = read(Path.Combine(root, process.ToString(CultureInfo.InvariantCulture), file))!;
            return true;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            value = default;
            return false;
        }
    }
}
