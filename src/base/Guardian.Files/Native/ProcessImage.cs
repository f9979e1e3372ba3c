using System.Runtime.InteropServices;
using System.Runtime.Versioning;

namespace Guardian.Files.Native;

/// <summary>
/// Replaces this process by another program. The program keeps the process's number, parent, streams and blocked signals.
/// </summary>
[SupportedOSPlatform("linux")]
internal static unsafe class ProcessImage
{
    /// <summary>Replaces this process.</summary>
    /// <param name="program">The program's file.</param>
    /// <param name="arguments">All its arguments, the program's name first.</param>
    /// <param name="environment">Its variables, <c>NAME=VALUE</c>.</param>
    /// <returns>Only if the program cannot be started: the failure, which the caller throws.</returns>
    public static IOException Replace(string program, IEnumerable<string> arguments, IEnumerable<string> environment)
    {
        Libc.Execute(program, ToPointers(arguments), ToPointers(environment));
        return new IOException($"{program} cannot be started: {Marshal.GetPInvokeErrorMessage(Errno.Last)}");
    }

    // The memory is freed with the process.
    private static byte** ToPointers(IEnumerable<string> texts)
    {
        var list = texts.ToList();
        var pointers = (byte**)NativeMemory.AllocZeroed((nuint)list.Count + 1, (nuint)sizeof(byte*));
        for (var i = 0; i < list.Count; i++)
        {
            pointers[i] = (byte*)Marshal.StringToCoTaskMemUTF8(list[i]);
        }
        return pointers;
    }
}
