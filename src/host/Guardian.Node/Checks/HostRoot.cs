using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Runtime.Intrinsics.X86;
using Guardian.Sgx.Cpu;

namespace Guardian.Node.Checks;

/// <summary>What a file is and who may use it.</summary>
/// <param name="IsDevice">Whether it is a character device.</param>
/// <param name="Mode">Permission bits.</param>
public readonly record struct FileOwner(bool IsDevice, int Mode, string User, string Group);

/// <summary>
/// A machine as its files show it: the one this runs on, or a folder with files of another. A captured folder holds besides the files
/// <c>cpuid</c> (as <c>cpuid -1 -r</c> prints it) and <c>owners</c> (as <c>find dev -printf '%y %m %u %g %p\n'</c> prints it), which copies would lose.
/// </summary>
public sealed class HostRoot(string root = "/")
{
    private const int MaxSize = 1024 * 1024;

    private bool IsLive => root == "/";

    /// <summary>What the processor answers.</summary>
    public CpuIdRegisters CpuId(uint leaf, uint subleaf)
    {
        if (!IsLive)
        {
            return CapturedCpuId(leaf, subleaf);
        }
        if (!X86Base.IsSupported)
        {
            return default;
        }
        var (eax, ebx, ecx, edx) = X86Base.CpuId(unchecked((int)leaf), unchecked((int)subleaf));
        return unchecked(new CpuIdRegisters((uint)eax, (uint)ebx, (uint)ecx, (uint)edx));
    }

    public bool Exists(string path) => Path.Exists(At(path));

    /// <summary>A file's text without blanks around it, or null when there is none or it may not be read.</summary>
    public string? Text(string path)
    {
        try
        {
            // Files of /proc and /sys have no length.
            using var file = File.OpenText(At(path));
            var buffer = new char[MaxSize];
            return new string(buffer, 0, file.ReadBlock(buffer)).Trim();
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>The lines of a file; none when it cannot be read.</summary>
    public IEnumerable<string> Lines(string path) => (Text(path) ?? "").Split('\n');

    /// <summary>The names in a folder, in order; none when there is no such folder.</summary>
    public IReadOnlyList<string> Names(string path)
    {
        try
        {
            return Directory.Exists(At(path)) ? [.. Directory.EnumerateFileSystemEntries(At(path)).Select(entry => Path.GetFileName(entry)).Order(StringComparer.Ordinal)] : [];
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    /// <summary>A model-specific register of the first processor, or null when it cannot be read.</summary>
    public ulong? Msr(uint register)
    {
        try
        {
            using var file = File.OpenHandle(At("/dev/cpu/0/msr"));
            Span<byte> bytes = stackalloc byte[sizeof(ulong)];
            return RandomAccess.Read(file, bytes, register) == bytes.Length ? BitConverter.ToUInt64(bytes) : null;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            return null;
        }
    }

    /// <summary>Who owns a file, or null when it is not there or nobody says.</summary>
    public FileOwner? Owner(string path)
    {
        if (!IsLive)
        {
            return Lines("/owners").Select(line => line.Split(' ')).Where(fields => fields.Length == 5 && "/" + fields[4].TrimStart('.', '/') == path)
                .Select(fields => Owner(fields[0] == "c", fields[1], fields[2], fields[3])).FirstOrDefault();
        }
        if (!File.Exists(path))
        {
            return null;
        }
        try
        {
            // The base library tells a file's mode, but not its owner.
            using var stat = Process.Start(new ProcessStartInfo("stat", ["-L", "-c", "%F|%a|%U|%G", path]) { RedirectStandardOutput = true, RedirectStandardError = true });
            var fields = stat!.StandardOutput.ReadToEnd().Trim().Split('|');
            stat.WaitForExit();
            return fields.Length == 4 ? Owner(fields[0] == "character special file", fields[1], fields[2], fields[3]) : null;
        }
        catch (Win32Exception)
        {
            return null;
        }
    }

    private static FileOwner? Owner(bool isDevice, string mode, string user, string group) =>
        mode.Length is > 0 and <= 4 && mode.All(digit => digit is >= '0' and <= '7') ? new FileOwner(isDevice, Convert.ToInt32(mode, 8), user, group) : null;

    // 0x00000012 0x00: eax=0x00000003 ebx=0x00000001 ecx=0x00000000 edx=0x0000241f
    private CpuIdRegisters CapturedCpuId(uint leaf, uint subleaf)
    {
        foreach (var line in Lines("/cpuid"))
        {
            var fields = line.Split([' ', ':', '='], StringSplitOptions.RemoveEmptyEntries);
            if (fields.Length == 10 && Hex(fields[0]) == leaf && Hex(fields[1]) == subleaf)
            {
                return new CpuIdRegisters(Hex(fields[3]), Hex(fields[5]), Hex(fields[7]), Hex(fields[9]));
            }
        }
        return default;
    }

    private static uint Hex(string text) =>
        text.StartsWith("0x", StringComparison.Ordinal) && uint.TryParse(text.AsSpan(2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var value) ? value : 0;

    private string At(string path) => IsLive ? path : Path.Combine(root, path.TrimStart('/'));
}
