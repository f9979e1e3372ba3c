using System.ComponentModel;
using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.IO.Pipes;
using System.Text;
using Guardian.Cli.Failures;
using Guardian.Files.Native;
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
        WidenPipes(process);
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

    // A pipe holds 64 KiB, which is less than a frame: its two ends would wait for each other twice for each frame.
    private static void WidenPipes(Process process)
    {
        const int size = 1 << 20;
        Libc.WidenPipe(0, size);
        Libc.WidenPipe(1, size);
        foreach (var stream in new[] { process.StandardInput.BaseStream, process.StandardOutput.BaseStream })
        {
            if (stream is PipeStream { SafePipeHandle: var handle })
            {
                Libc.WidenPipe((int)handle.DangerousGetHandle(), size);
            }
        }
    }

    // In a thread of its own.
    private static Task StartThread(Action work, CancellationToken cancellation) =>
        Task.Factory.StartNew(work, cancellation, TaskCreationOptions.LongRunning, TaskScheduler.Default).WaitAsync(cancellation);

    private Task PrintAsync(Stream stream, StdioLog log, StdioPrinter printer, CancellationToken cancellation) => StartThread(
        () => StdioParts.ReadAll(
            stream,
            part =>
            {
                if (printer.Read(log, part) is { Kind: StdioFrameKind.Start, Problem: null } entry)
                {
                    var isBinary = entry.Content.AsSpan().EndsWith(Encoding.ASCII.GetBytes(StdioFrame.BinaryAnnouncement));
                    run.TrySetResult((entry.Run, isBinary));
                }
            }),
        cancellation);

    private async Task SendAsync(Process process, CancellationToken cancellation)
    {
        var (name, isBinary) = await run.Task.WaitAsync(cancellation).ConfigureAwait(false);
        await StartThread(() => Send(process, name, isBinary), cancellation).ConfigureAwait(false);
    }

    private void Send(Process process, string name, bool isBinary)
    {
        using var cipher = new StdioCipher(key, name, "in");
        var input = Console.OpenStandardInput();
        var content = new byte[isBinary ? StdioFrame.MaxBinaryContentSize : StdioFrame.MaxContentSize];
        var frame = new byte[StdioFrame.MaxBinarySize];
        var output = process.StandardInput.BaseStream;

        void Write(StdioFrameKind kind, int size)
        {
            var frameSize = isBinary
                ? cipher.SealBinary(kind, content.AsSpan(0, size), frame)
                : Encoding.ASCII.GetBytes(cipher.Seal(kind, content.AsSpan(0, size)).ToString(), frame);
            output.Write(frame.AsSpan(0, frameSize));
            output.Flush();
        }

        try
        {
            Write(StdioFrameKind.Start, 0);
            while (input.Read(content) is > 0 and var size)
            {
                Write(StdioFrameKind.Data, size);
            }
            Write(StdioFrameKind.End, 0);
            process.StandardInput.Close();
        }
        catch (Exception failure) when (failure is IOException or InvalidOperationException or ObjectDisposedException)
        {
            // The program has ended and reads no more.
        }
    }
}
