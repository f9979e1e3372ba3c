using System.ComponentModel;
using System.Diagnostics;
using System.Text.Json.Nodes;
using Guardian.Oci.Containers;

namespace Guardian.Oci.Calls;

/// <summary>A container that exists, as runc describes it.</summary>
internal static class RunningContainer
{
    /// <summary>Whether a container is an attested program. A container that runc does not know is left to runc.</summary>
    public static bool IsProgram(string runc, RuncCall call)
    {
        var start = new ProcessStartInfo(runc, [.. call.Globals, "state", call.Container])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        try
        {
            using var process = Process.Start(start)!;
            var error = process.StandardError.ReadToEndAsync();
            var state = process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            error.Wait();
            return process.ExitCode == 0 && JsonNode.Parse(state)?["annotations"]?[Bundle.ProgramAnnotation] is not null;
        }
        catch (Win32Exception failure)
        {
            throw new IOException($"{runc} cannot be started: {failure.Message}", failure);
        }
    }
}
