using System.Diagnostics;
using System.Security.Cryptography;
using Guardian.Cli.Commands.Programs;
using Guardian.Cli.Failures;
using Guardian.Cli.Inputs;
using Guardian.Cli.Installation;
using Guardian.Files.Native;

namespace Guardian.Cli.Desk;

/// <summary>The start of a program: the words of <c>guardian run</c>.</summary>
/// <param name="Session">The session.</param>
/// <param name="Service">Its service.</param>
/// <param name="Cas">The CAS, an address or a name of <c>guardian cas trust</c>.</param>
/// <param name="Platform">The accepted platform of a CAS that has no name; null for the default.</param>
/// <param name="Program">A module, a folder of a compiled program, or an image layout.</param>
/// <param name="IsImage">Whether it is an image layout.</param>
/// <param name="Arguments">The program's own arguments, which the session must allow.</param>
internal sealed record ProgramOrder(
    string Session, string Service, string Cas, string? Platform, string Program, bool IsImage, IReadOnlyList<string> Arguments)
{
    /// <summary>The command line after <c>guardian</c>.</summary>
    public IReadOnlyList<string> ToWords() =>
    [
        "run", "--session", $"{Session}/{Service}", "--cas", Cas, .. Platform is null ? [] : new[] { "--platform", Platform },
        .. IsImage ? ["--oci", Program, "--"] : new[] { "--", Program }, .. Arguments,
    ];
}

/// <summary>
/// The programs that <c>guardian open</c> runs for the user, each by <c>guardian run</c> and with its streams in a log. They end with it.
/// Thread-safe.
/// </summary>
internal sealed class StartedPrograms : IAsyncDisposable
{
    private const int MaxKept = 50;

    private static readonly TimeSpan EndingLimit = TimeSpan.FromSeconds(20);

    private readonly Lock guard = new();
    private readonly List<StartedProgram> programs = [];

    /// <summary>The programs, the newest first.</summary>
    public IReadOnlyList<StartedProgram> List()
    {
        lock (guard)
        {
            return [.. programs];
        }
    }

    /// <summary>Finds one by its short name.</summary>
    /// <exception cref="Refusals.RefusedException">There is none.</exception>
    public StartedProgram Find(string id) => List().FirstOrDefault(program => program.Id == id)
        ?? throw CliReasons.Io.Refuse("this page started no such program, or it ended long ago");

    /// <summary>Starts a program.</summary>
    /// <exception cref="Refusals.RefusedException">The program is missing, or too many run.</exception>
    public StartedProgram Start(ProgramOrder order)
    {
        InputFile.Require(order.Program);
        lock (guard)
        {
            if (programs.Count >= MaxKept && programs.FindLast(program => !program.IsRunning) is { } oldest)
            {
                programs.Remove(oldest);
                oldest.Dispose();
            }
            if (programs.Count >= MaxKept)
            {
                throw CliReasons.Usage.Refuse($"{MaxKept} programs run already", "end one of them first");
            }
            var started = StartedProgram.Start(order);
            programs.Insert(0, started);
            return started;
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        var all = List();
        foreach (var program in all)
        {
            program.End();
        }
        foreach (var program in all)
        {
            await program.WaitAsync(EndingLimit).ConfigureAwait(false);
            program.Dispose();
        }
    }
}

/// <summary>A program that was started.</summary>
internal sealed class StartedProgram : IDisposable
{
    private readonly Process process;
    private readonly Task ending;

    private StartedProgram(ProgramOrder order, Process process, StreamLog log)
    {
        (Order, this.process, Log) = (order, process, log.Path);
        process.StandardInput.Close();
        ending = Task.Run(() => CopyAsync(log));
    }

    /// <summary>A short name in addresses.</summary>
    public string Id { get; } = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8));

    public ProgramOrder Order { get; }

    /// <summary>The file that gets both streams, as <c>guardian logs</c> reads it.</summary>
    public string Log { get; }

    /// <summary>Whether it runs, or its last lines are being written.</summary>
    public bool IsRunning => !ending.IsCompleted;

    /// <summary>Its exit status, as <c>guardian run</c> gives it; null while it runs.</summary>
    public int? ExitStatus => IsRunning ? null : process.ExitCode;

    public static StartedProgram Start(ProgramOrder order)
    {
        var start = InstalledProgram.Cli.CreateStartInfo();
        foreach (var word in order.ToWords())
        {
            start.ArgumentList.Add(word);
        }
        (start.RedirectStandardInput, start.RedirectStandardOutput, start.RedirectStandardError) = (true, true, true);
        // A log has lines, which two streams can share.
        start.Environment.Remove(AttachedProcess.FormVariable);
        var log = StreamLog.Create($"{order.Session}-{order.Service}");
        try
        {
            return new StartedProgram(order, Process.Start(start)!, log);
        }
        catch (System.ComponentModel.Win32Exception failure)
        {
            log.Dispose();
            throw CliReasons.NotStarted.Refuse($"'{start.FileName}' cannot be started: {failure.Message}");
        }
    }

    /// <summary>Asks it to end, as Ctrl+C at a terminal does.</summary>
    public void End()
    {
        if (!process.HasExited)
        {
            _ = Libc.Kill(process.Id, Libc.Terminate);
        }
    }

    /// <summary>Waits until it has ended, and kills it after a while.</summary>
    public async Task WaitAsync(TimeSpan limit)
    {
        try
        {
            await ending.WaitAsync(limit).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            process.Kill(entireProcessTree: true);
            await ending.ConfigureAwait(false);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => process.Dispose();

    private async Task CopyAsync(StreamLog log)
    {
        using (log)
        {
            await Task.WhenAll(
                log.CopyAsync(process.StandardOutput.BaseStream), log.CopyAsync(process.StandardError.BaseStream)).ConfigureAwait(false);
            await process.WaitForExitAsync().ConfigureAwait(false);
        }
    }
}
