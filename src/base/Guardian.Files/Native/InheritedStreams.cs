using System.Runtime.Versioning;

namespace Guardian.Files.Native;

/// <summary>The standard streams with which this process was started.</summary>
/// <remarks>
/// A process that is started without one of them (<c>&gt;&amp;-</c>) soon opens something of its own under the number, and would write its
/// messages into a file of the user's. Such descriptors close at the start of another program, and inherited ones do not, or they would
/// not be here.
/// </remarks>
[SupportedOSPlatform("linux")]
public static class InheritedStreams
{
    /// <summary>Standard output's number.</summary>
    public const int Output = 1;

    /// <summary>Whether the process was started with a stream, or has one in its place.</summary>
    /// <param name="descriptor">0, 1 or 2.</param>
    public static bool Has(int descriptor) => Libc.ControlFile(descriptor, Libc.GetDescriptorFlags, 0) == 0;

    /// <summary>Puts <c>/dev/null</c> in the place of each stream that is missing. A program calls it before anything else.</summary>
    public static void FillMissing()
    {
        for (var descriptor = 0; descriptor <= 2; descriptor++)
        {
            if (!Has(descriptor) && !TryFill(descriptor))
            {
                // The .NET runtime has the number for itself.
                Drop(descriptor);
            }
        }
    }

    // The lowest number that is free is given out.
    private static bool TryFill(int descriptor)
    {
        var opened = Libc.OpenAt(Libc.CurrentDirectory, "/dev/null", Libc.ReadWrite, 0);
        if (opened != descriptor && opened >= 0)
        {
            _ = Libc.Close(opened);
        }
        return opened == descriptor;
    }

    private static void Drop(int descriptor)
    {
        switch (descriptor)
        {
            case 0:
                Console.SetIn(TextReader.Null);
                break;
            case Output:
                Console.SetOut(TextWriter.Null);
                break;
            default:
                Console.SetError(TextWriter.Null);
                break;
        }
    }
}
