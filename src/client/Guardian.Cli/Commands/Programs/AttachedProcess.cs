using System.ComponentModel;
using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Text;
using Guardian.Cli.Failures;
using Guardian.Refusals;
using Guardian.Runtime.Stdio;

namespace Guardian.Cli.Commands.Programs;

/// <summary>
/// A command whose standard streams are encrypted frames. Its output is decrypted here, and the input of this process is encrypted for its
/// run alone.
/// </summary>
[SuppressMessage(
    "Reliability", "CA2025", Justification = "a read of the keyboard cannot be awaited: it ends with this process, and outlives the other "
    + "process")]
internal sealed class AttachedProcess(byte[] key, bool isJson)
{
    private readonly TaskCompletionSource<string> run = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Runs the command to its end.</summary>
    /// <param name="words">The program and its arguments.</param>
    /// <returns>Its exit status; 1 when its streams were tampered with.</returns>
    public async Task<int> RunAsync(IReadOnlyList<string> words, CancellationToken cancellation)
    {
        var start = new ProcessStartInfo(words[0], words.Skip(1))
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        using var process = Start(start);
        using var log = new StdioLog(key);
        var printer = new StdioPrinter(isJson);
        _ = SendAsync(process, cancellation);
        await Task.WhenAll(
            PrintAsync(process.StandardOutput, log, printer, cancellation),
            PrintAsync(process.StandardError, log, printer, cancellation)).ConfigureAwait(false);
        await process.WaitForExitAsync(cancellation).ConfigureAwait(false);
        printer.Finish(log);
        return process.ExitCode == ExitCode.Done && printer.Problems > 0 ? ExitCode.Refused : process.ExitCode;
    }

    private static Process Start(ProcessStartInfo start)
    {
        try
        {
            return Process.Start(start)!;
        }
        catch (Win32Exception failure)
        {
            throw new RefusedException(
                CliReasons.NotStarted.Because($"'{start.FileName}' cannot be started: {FileRefusals.Describe(failure.NativeErrorCode)}"),
                failure);
        }
    }

    private async Task PrintAsync(StreamReader lines, StdioLog log, StdioPrinter printer, CancellationToken cancellation)
    {
        while (await lines.ReadLineAsync(cancellation).ConfigureAwait(false) is { } line)
        {
            if (printer.Read(log, line) is { Kind: StdioFrameKind.Start, Problem: null } entry)
            {
                run.TrySetResult(entry.Run);
            }
        }
    }

    private async Task SendAsync(Process process, CancellationToken cancellation)
    {
        var name = await run.Task.WaitAsync(cancellation).ConfigureAwait(false);
        using var cipher = new StdioCipher(key, name, "in");
        var input = Console.OpenStandardInput();
        var buffer = new byte[StdioFrame.MaxContentSize];
        try
        {
            await WriteAsync(process, cipher, StdioFrameKind.Start, default, cancellation).ConfigureAwait(false);
            while (await input.ReadAsync(buffer, cancellation).ConfigureAwait(false) is > 0 and var size)
            {
                await WriteAsync(process, cipher, StdioFrameKind.Data, buffer.AsMemory(0, size), cancellation).ConfigureAwait(false);
            }
            await WriteAsync(process, cipher, StdioFrameKind.End, default, cancellation).ConfigureAwait(false);
            process.StandardInput.Close();
        }
        catch (Exception failure) when (failure is IOException or InvalidOperationException or ObjectDisposedException)
        {
            // The program has ended and reads no more.
        }
    }

    private static async Task WriteAsync(
        Process process, StdioCipher cipher, StdioFrameKind kind, ReadOnlyMemory<byte> content, CancellationToken cancellation)
    {
        var frame = cipher.Seal(kind, content.Span);
        var stream = process.StandardInput.BaseStream;
        await stream.WriteAsync(Encoding.ASCII.GetBytes(frame.ToString()), cancellation).ConfigureAwait(false);
        await stream.FlushAsync(cancellation).ConfigureAwait(false);
    }
}
