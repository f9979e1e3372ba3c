using System.Globalization;

namespace Guardian.Wasi.Tests;

/// <summary>The memory of this process.</summary>
internal static class ResidentMemory
{
    private const int PageSize = 4096;

    /// <summary>Bytes in RAM: the second number of <c>/proc/self/statm</c>, in pages.</summary>
    public static long Size => long.Parse(File.ReadAllText("/proc/self/statm").Split(' ')[1], CultureInfo.InvariantCulture) * PageSize;
}
