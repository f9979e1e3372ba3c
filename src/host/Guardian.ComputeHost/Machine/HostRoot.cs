using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Runtime.Intrinsics.X86;
using Guardian.Sgx.Cpu;

namespace Guardian.ComputeHost.Machine;

/// <summary>A file's type, permissions and owner.</summary>
/// <param name="IsDevice">Whether it is a character device.</param>
/// <param name="Mode">The permission bits.</param>
/// <param name="User">The owner's name.</param>
/// <param name="Group">The group's name.</param>
internal readonly record struct FileOwner(bool IsDevice, int Mode, string User, string Group);

/// <summary>A machine as its files show it: this machine, or a folder with files captured from another one.</summary>
/// <param name="root"><c>/</c>, or the folder of captured files.</param>
/// <remarks>
/// A captured folder holds two more files with facts that copying loses: <c>cpuid</c>, the output of <c>cpuid -1 -r</c>, and
/// <c>owners</c>, the output of <c>find dev -printf '%y %m %u %g %p\n'</c>.
/// </remarks>
public sealed class HostRoot(string root = "/")
{
    private const int MaxSize = 1024 * 1024;

    private bool IsLive => root == "/";

    /// <summary>Reads a leaf of CPUID; zeros when the processor has no such instruction or the capture no such leaf.</summary>
    public CpuIdRegisters ReadCpuId(uint leaf, uint subleaf)
    {
        if (!IsLive)
        {
            return FindCapturedCpuId(leaf, subleaf);
        }
        if (!X86Base.IsSupported)
        {
            return default;
        }
        var (eax, ebx, ecx, edx) = X86Base.CpuId(unchecked((int)leaf), unchecked((int)subleaf));
        return unchecked(new CpuIdRegisters((uint)eax, (uint)ebx, (uint)ecx, (uint)edx));
    }

    /// <summary>Whether there is a file or folder.</summary>
    internal bool Exists(string path) => Path.Exists(Resolve(path));

    /// <summary>Reads a file's text without blanks around it; null when there is no such file or it may not be read.</summary>
    internal string? ReadText(string path)
    {
        try
        {
            // Files of /proc and /sys have no length.
            using var file = File.OpenText(Resolve(path));
            var buffer = new char[MaxSize];
            return new string(buffer, 0, file.ReadBlock(buffer)).Trim();
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>Reads the lines of a file; one empty line when it cannot be read.</summary>
    internal IEnumerable<string> ReadLines(string path) => (ReadText(path) ?? "").Split('\n');

    /// <summary>Lists the names in a folder, in order; none when there is no such folder.</summary>
    internal IReadOnlyList<string> ListNames(string path)
    {
        try
        {
            var folder = Resolve(path);
            return Directory.Exists(folder)
                ? [.. Directory.EnumerateFileSystemEntries(folder).Select(entry => Path.GetFileName(entry)).Order(StringComparer.Ordinal)]
                : [];
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    /// <summary>Reads a model-specific register of the first processor; null when it cannot be read.</summary>
    internal ulong? ReadMsr(uint register)
    {
        try
        {
            using var file = File.OpenHandle(Resolve("/dev/cpu/0/msr"));
            Span<byte> bytes = stackalloc byte[sizeof(ulong)];
            return RandomAccess.Read(file, bytes, register) == bytes.Length ? BitConverter.ToUInt64(bytes) : null;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            return null;
        }
    }

    /// <summary>Finds a file's owner; null when the file or its entry in the capture is missing.</summary>
    internal FileOwner? FindOwner(string path)
    {
        if (!IsLive)
        {
            return ReadLines("/owners").Select(line => line.Split(' '))
                .Where(fields => fields.Length == 5 && "/" + fields[4].TrimStart('.', '/') == path)
                .Select(fields => ReadOwner(fields[0] == "c", fields[1], fields[2], fields[3])).FirstOrDefault();
        }
        if (!File.Exists(path))
        {
            return null;
        }
        try
        {
            // The base library reports a file's mode, but not its owner.
            using var stat = Process.Start(new ProcessStartInfo("stat", ["-L", "-c", "%F|%a|%U|%G", path])
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            });
            var fields = stat!.StandardOutput.ReadToEnd().Trim().Split('|');
            stat.WaitForExit();
            return fields.Length == 4 ? ReadOwner(fields[0] == "character special file", fields[1], fields[2], fields[3]) : null;
        }
        catch (Win32Exception)
        {
            return null;
        }
    }

    private static FileOwner? ReadOwner(bool isDevice, string mode, string user, string group) =>
        mode.Length is > 0 and <= 4 && mode.All(digit => digit is >= '0' and <= '7')
            ? new FileOwner(isDevice, Convert.ToInt32(mode, 8), user, group)
            : null;

    // 0x00000012 0x00: eax=0x00000003 ebx=0x00000001 ecx=0x00000000 edx=0x0000241f
    private CpuIdRegisters FindCapturedCpuId(uint leaf, uint subleaf)
    {
        foreach (var line in ReadLines("/cpuid"))
        {
            var fields = line.Split([' ', ':', '='], StringSplitOptions.RemoveEmptyEntries);
            if (fields.Length == 10 && ReadHex(fields[0]) == leaf && ReadHex(fields[1]) == subleaf)
            {
                return new CpuIdRegisters(ReadHex(fields[3]), ReadHex(fields[5]), ReadHex(fields[7]), ReadHex(fields[9]));
            }
        }
        return default;
    }

    private static uint ReadHex(string text) => text.StartsWith("0x", StringComparison.Ordinal)
        && uint.TryParse(text.AsSpan(2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var value) ? value : 0;

    private string Resolve(string path) => IsLive ? path : Path.Combine(root, path.TrimStart('/'));
}
