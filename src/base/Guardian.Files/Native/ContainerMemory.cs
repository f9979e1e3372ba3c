using System.Globalization;
using System.Runtime.Versioning;

namespace Guardian.Files.Native;

/// <summary>The limit of memory that a container engine sets for this process.</summary>
[SupportedOSPlatform("linux")]
internal static class ContainerMemory
{
    private const long Mebibyte = 1 << 20;

    // Version 2 and version 1 of control groups, as a container sees its own group. Version 1 writes a huge number for no limit.
    private static readonly string[] Files = ["/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"];

    /// <summary>The limit in bytes; null for none.</summary>
    public static long? Limit => Files.Select(TryRead).FirstOrDefault(limit => limit is not null);

    /// <summary>Says that memory ran out, and how much there is.</summary>
    public static string Describe() => Limit is { } limit
        ? string.Create(CultureInfo.InvariantCulture, $"out of memory: the limit of this container is {limit / Mebibyte} MiB")
        : "out of memory";

    /// <summary>Reads the content of one of these files.</summary>
    /// <returns>Bytes; null when there is no limit, or the text is no number.</returns>
    internal static long? Parse(string text) =>
        long.TryParse(text.Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out var limit) && limit < long.MaxValue / 2
            ? limit
            : null;

    private static long? TryRead(string file)
    {
        try
        {
            return Parse(File.ReadAllText(file));
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
