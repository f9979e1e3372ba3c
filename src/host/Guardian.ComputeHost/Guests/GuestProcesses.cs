using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;

namespace Guardian.ComputeHost.Guests;

/// <summary>A running QEMU with EPC, as the kernel shows it.</summary>
/// <param name="Instance">The server's UUID.</param>
/// <param name="Process">The process identifier.</param>
/// <param name="Mebibytes">The EPC that it has mapped, in MiB.</param>
/// <param name="StartedAt">The host's uptime when it started, in milliseconds.</param>
public readonly record struct GuestProcess(Guid Instance, int Process, long Mebibytes, long StartedAt);

/// <summary>
/// Finds guests among the host's processes. It skips a process that it cannot read, because processes end while it reads them.
/// </summary>
/// <param name="root">The folder of the processes.</param>
public sealed class GuestProcesses(string root = "/proc")
{
    private const int BytesPerMebibyte = 1024 * 1024;

    // proc(5), stat, field 22: in hundredths of a second, whatever the kernel's own tick is.
    private const long MillisecondsPerTick = 10;

    private const int StartTimeField = 22;

    /// <summary>Lists the processes that map EPC, one for each server.</summary>
    public IReadOnlyCollection<GuestProcess> List()
    {
        var guests = new Dictionary<Guid, GuestProcess>();
        foreach (var (instance, process) in ListQemus())
        {
            if (ReadMapped(process) is { } mapped and > 0 && ReadStart(process) is { } start)
            {
                guests[instance] = new GuestProcess(instance, process, mapped / BytesPerMebibyte, start);
            }
        }
        return guests.Values;
    }

    /// <summary>Finds a server's process; null when it does not run here.</summary>
    public int? Find(Guid instance) =>
        ListQemus().Where(qemu => qemu.Instance == instance).Select(qemu => (int?)qemu.Process).FirstOrDefault();

    /// <summary>Reads how much EPC a process has mapped, in bytes; null when that cannot be read.</summary>
    public long? ReadMapped(int process) =>
        TryRead(process, "maps", path => EpcMappings.SumBytes(File.ReadLines(path)), out var mapped) ? mapped : null;

    /// <summary>Whether a process is the QEMU of a TDX guest; null when it cannot be read.</summary>
    public bool? IsTdx(int process) => TryRead(process, "cmdline", File.ReadAllText, out var line) ? HasTdxObject(line.Split('\0')) : null;

    // The object that libvirt makes for TDX; a guest's name may hold the same word.
    private static bool HasTdxObject(string[] arguments) => arguments.Zip(arguments.Skip(1))
        .Any(pair => pair.First == "-object" && pair.Second.Contains("tdx-guest", StringComparison.Ordinal));

    // libvirt gives QEMU the domain's UUID, which is the server's.
    private IEnumerable<(Guid Instance, int Process)> ListQemus()
    {
        foreach (var folder in Directory.EnumerateDirectories(root))
        {
            if (int.TryParse(Path.GetFileName(folder), NumberStyles.None, CultureInfo.InvariantCulture, out var process)
                && TryRead(process, "cmdline", path => File.ReadAllText(path, Encoding.UTF8).Split('\0'), out var arguments)
                && Array.IndexOf(arguments, "-uuid") is var index and >= 0
                && index + 1 < arguments.Length && Guid.TryParse(arguments[index + 1], out var instance))
            {
                yield return (instance, process);
            }
        }
    }

    // The second field of stat, the program's name in brackets, may hold anything.
    private long? ReadStart(int process) => TryRead(process, "stat", File.ReadAllText, out var stat)
        && stat[(stat.LastIndexOf(')') + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries) is { Length: > StartTimeField - 3 } fields
        && long.TryParse(fields[StartTimeField - 3], NumberStyles.None, CultureInfo.InvariantCulture, out var ticks)
        && ticks <= long.MaxValue / MillisecondsPerTick
            ? ticks * MillisecondsPerTick
            : null;

    private bool TryRead<T>(int process, string file, Func<string, T> read, [NotNullWhen(true)] out T? value)
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
