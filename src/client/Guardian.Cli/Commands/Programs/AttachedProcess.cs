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
    /// <summary>The variable by which a command learns that the reader of its streams takes binary frames.</summary>
    public const string FormVariable = "GUARDIAN_STDIO";

    /// <summary>Its value then.</summary>
    public const string BinaryForm = "binary";

    private readonly TaskCompletionSource<(string Name, bool IsBinary)> run = new(TaskCreationOptions.RunContinuationsAsynchronously);

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
        start.Environment[FormVariable] = BinaryForm;
        using var process = Start(start);
        using var log = new StdioLog(key);
        var printer = new StdioPrinter(isJson);
        _ = SendAsync(process, cancellation);
        await Task.WhenAll(
            PrintAsync(process.StandardOutput.BaseStream, log, printer, cancellation),
            PrintAsync(process.StandardError.BaseStream, log, printer, cancellation)).ConfigureAwait(false);
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

    private Task PrintAsync(Stream stream, StdioLog log, StdioPrinter printer, CancellationToken cancellation) =>
        StdioParts.ReadAllAsync(
            stream,
            part =>
            {
                if (printer.Read(log, part) is { Kind: StdioFrameKind.Start, Problem: null } entry)
                {
                    var isBinary = entry.Content.AsSpan().EndsWith(Encoding.ASCII.GetBytes(StdioFrame.BinaryAnnouncement));
                    run.TrySetResult((entry.Run, isBinary));
                }
            },
            cancellation);

    private async Task SendAsync(Process process, CancellationToken cancellation)
    {
        var (name, isBinary) = await run.Task.WaitAsync(cancellation).ConfigureAwait(false);
        using var cipher = new StdioCipher(key, name, "in");
        var input = Console.OpenStandardInput();
        var content = new byte[isBinary ? StdioFrame.MaxBinaryContentSize : StdioFrame.MaxContentSize];
        var frame = new byte[StdioFrame.MaxBinarySize];
        var output = process.StandardInput.BaseStream;

        async Task WriteAsync(StdioFrameKind kind, int size)
        {
            var frameSize = isBinary
                ? cipher.SealBinary(kind, content.AsSpan(0, size), frame)
                : Encoding.ASCII.GetBytes(cipher.Seal(kind, content.AsSpan(0, size)).ToString(), frame);
            await output.WriteAsync(frame.AsMemory(0, frameSize), cancellation).ConfigureAwait(false);
            await output.FlushAsync(cancellation).ConfigureAwait(false);
        }

        try
        {
            await WriteAsync(StdioFrameKind.Start, 0).ConfigureAwait(false);
            while (await input.ReadAsync(content, cancellation).ConfigureAwait(false) is > 0 and var size)
            {
                await WriteAsync(StdioFrameKind.Data, size).ConfigureAwait(false);
            }
            await WriteAsync(StdioFrameKind.End, 0).ConfigureAwait(false);
            process.StandardInput.Close();
        }
        catch (Exception failure) when (failure is IOException or InvalidOperationException or ObjectDisposedException)
        {
            // The program has ended and reads no more.
        }
    }
}
