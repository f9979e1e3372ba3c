using System.ComponentModel;
using System.Diagnostics;
using Guardian.Cli.Failures;
using Guardian.Refusals;

namespace Guardian.Cli.Installation;

/// <summary>Runs compilers and builds. A cancelled run ends them.</summary>
internal static class ToolRun
{
    /// <summary>Runs a tool and reads its streams.</summary>
    /// <param name="tool">A path, or a word that the path of programs finds.</param>
    /// <param name="arguments">Its arguments.</param>
    /// <param name="variables">Variables beside this process's own.</param>
    /// <param name="folder">Its working directory; null for this process's own.</param>
    /// <param name="cancellation">Ends the tool.</param>
    /// <returns>Its exit code, and its messages: standard output, then standard error.</returns>
    /// <exception cref="RefusedException">It cannot be started.</exception>
    public static async Task<(int ExitCode, string Messages)> ReadAsync(
        string tool, IEnumerable<string> arguments, IReadOnlyDictionary<string, string>? variables, string? folder,
        CancellationToken cancellation)
    {
        using var process = Start(tool, arguments, variables, folder, isRead: true);
        var (output, error) = await ReadStreamsAsync(process, cancellation).ConfigureAwait(false);
        return (process.ExitCode, output + error);
    }

    /// <summary>Runs a tool whose standard output is data. Its messages are for people.</summary>
    /// <returns>Its standard output.</returns>
    /// <exception cref="RefusedException">It cannot be started, or does not end with 0.</exception>
    public static async Task<string> ReadDataAsync(string tool, IEnumerable<string> arguments, CancellationToken cancellation)
    {
        using var process = Start(tool, arguments, null, null, isRead: true);
        var (output, error) = await ReadStreamsAsync(process, cancellation).ConfigureAwait(false);
        return process.ExitCode == 0
            ? output
            : throw CliReasons.NotStarted.Refuse($"'{tool}' ends with {process.ExitCode}: {error.Trim()}");
    }

    /// <summary>Runs a tool with this process's streams.</summary>
    /// <returns>Its exit code.</returns>
    /// <exception cref="RefusedException">It cannot be started.</exception>
    public static async Task<int> ShowAsync(
        string tool, IEnumerable<string> arguments, IReadOnlyDictionary<string, string> variables, CancellationToken cancellation)
    {
        using var process = Start(tool, arguments, variables, null, isRead: false);
        await WaitAsync(process, cancellation).ConfigureAwait(false);
        return process.ExitCode;
    }

    private static async Task<(string Output, string Error)> ReadStreamsAsync(Process process, CancellationToken cancellation)
    {
        var (output, error) = (process.StandardOutput.ReadToEndAsync(cancellation), process.StandardError.ReadToEndAsync(cancellation));
        await WaitAsync(process, cancellation).ConfigureAwait(false);
        return (await output.ConfigureAwait(false), await error.ConfigureAwait(false));
    }

    private static async Task WaitAsync(Process process, CancellationToken cancellation)
    {
        try
        {
            await process.WaitForExitAsync(cancellation).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }
    }

    private static Process Start(
        string tool, IEnumerable<string> arguments, IReadOnlyDictionary<string, string>? variables, string? folder, bool isRead)
    {
        var start = new ProcessStartInfo(tool, arguments)
        {
            RedirectStandardOutput = isRead, RedirectStandardError = isRead, UseShellExecute = false, WorkingDirectory = folder ?? "",
        };
        foreach (var (name, value) in variables ?? new Dictionary<string, string>())
        {
            start.Environment[name] = value;
        }
        try
        {
            return Process.Start(start)!;
        }
        catch (Win32Exception failure)
        {
            throw new RefusedException(CliReasons.NotStarted.Because($"'{tool}' cannot be started: {failure.Message}"), failure);
        }
    }
}
