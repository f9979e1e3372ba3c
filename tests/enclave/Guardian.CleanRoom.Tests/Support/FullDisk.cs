using System.Globalization;
using System.Runtime.InteropServices;

namespace Guardian.CleanRoom.Tests.Support;

/// <summary>Makes the disk of one open file full: its descriptor becomes one of <c>/dev/full</c> until this is disposed.</summary>
internal sealed partial class FullDisk : IDisposable
{
    private readonly int descriptor;
    private readonly int kept;

    /// <param name="path">The file, which this process has open once.</param>
    public FullDisk(string path)
    {
        descriptor = Directory.GetFiles("/proc/self/fd").Where(each => File.ResolveLinkTarget(each, false)?.FullName == path)
            .Select(each => int.Parse(Path.GetFileName(each), CultureInfo.InvariantCulture)).Single();
        kept = Duplicate(descriptor);
    }

    public void Fill()
    {
        using var full = File.OpenWrite("/dev/full");
        _ = Replace((int)full.SafeFileHandle.DangerousGetHandle(), descriptor);
    }

    public void Dispose()
    {
        _ = Replace(kept, descriptor);
        _ = Close(kept);
    }

    [LibraryImport("libc", EntryPoint = "dup")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Duplicate(int descriptor);

    [LibraryImport("libc", EntryPoint = "dup2")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Replace(int from, int to);

    [LibraryImport("libc", EntryPoint = "close")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Close(int descriptor);
}
