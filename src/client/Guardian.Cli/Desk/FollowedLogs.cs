using System.Security.Cryptography;
using System.Text;
using Guardian.Cli.Commands.Programs;
using Guardian.Cli.Failures;
using Guardian.Cli.Inputs;
using Guardian.Portal.Pages;
using Guardian.Runtime.Stdio;

namespace Guardian.Cli.Desk;

/// <summary>The logs that pages follow. When the page locks, their keys and texts leave the memory. Thread-safe.</summary>
internal sealed class FollowedLogs : IDisposable
{
    private const int MaxKept = 8;

    private readonly Lock guard = new();
    private readonly List<FollowedLog> logs = [];

    /// <summary>Begins to follow a log, in place of the one that was begun longest ago.</summary>
    public FollowedLog Add(FollowedLog log)
    {
        lock (guard)
        {
            logs.Add(log);
            if (logs.Count > MaxKept)
            {
                logs[0].Dispose();
                logs.RemoveAt(0);
            }
        }
        return log;
    }

    /// <summary>Finds one by its short name.</summary>
    /// <exception cref="Refusals.RefusedException">There is none.</exception>
    public FollowedLog Find(string id)
    {
        lock (guard)
        {
            return logs.Find(log => log.Id == id) ?? throw CliReasons.Io.Refuse("this log is not open any more", "open it again");
        }
    }

    /// <summary>Forgets all of them.</summary>
    public void Dispose()
    {
        lock (guard)
        {
            logs.ForEach(log => log.Dispose());
            logs.Clear();
        }
    }
}

/// <summary>A log that grows, decrypted as far as it was read. Thread-safe.</summary>
internal sealed class FollowedLog : IDisposable
{
    // A page shows the end of a log; 'guardian logs' writes all of it.
    private const int MaxShown = 256 * 1024;

    // A long log is read in the course of several pages.
    private const long MaxRead = 16L * 1024 * 1024;

    private readonly Lock guard = new();
    private readonly GrowingLog file;
    private readonly StdioLog? log;
    private readonly TailStream output = new(MaxShown);
    private readonly TailStream errors = new(MaxShown);
    private readonly StdioPrinter printer;
    private long sealedCount;
    private bool isFinished;

    /// <summary>Opens a log at its beginning.</summary>
    /// <param name="service">The service, <c>session/service</c>.</param>
    /// <param name="path">The file.</param>
    /// <param name="key">The key of the service's streams; null for a user who may not read them, or a service without encryption.</param>
    /// <param name="program">The program that writes it; null for one that this page did not start.</param>
    /// <exception cref="Refusals.RefusedException">The file is missing or unreadable.</exception>
    public FollowedLog(string service, string path, byte[]? key, StartedProgram? program)
    {
        (Service, Path, Program, file) = (service, path, program, new GrowingLog(path));
        log = key is null ? null : new StdioLog(key);
        printer = new StdioPrinter(isJson: false, output, errors);
    }

    /// <summary>A short name in addresses.</summary>
    public string Id { get; } = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8));

    public string Service { get; }

    public string Path { get; }

    public StartedProgram? Program { get; }

    /// <summary>Reads what was added, and describes the whole.</summary>
    /// <param name="isStill">Whether the page stays as it is.</param>
    public FollowModel Read(bool isStill)
    {
        lock (guard)
        {
            // In this order: what the program wrote before it ended is in the file.
            var hasEnded = Program is { IsRunning: false };
            var isBehind = file.Read(Take, MaxRead) >= MaxRead;
            if (hasEnded && !isBehind && !isFinished && log is not null)
            {
                printer.Finish(log);
                isFinished = true;
            }
            return new FollowModel
            {
                Id = Id, Service = Service, File = Path, Output = output.ReadText(), Errors = errors.ReadText(),
                Problems = printer.Problems, Sealed = sealedCount, IsCut = output.IsCut || errors.IsCut,
                IsLive = !isStill && (isBehind || !hasEnded), Read = file.Position, Size = file.Length,
                Program = Program is null ? null : RunPages.Row(Program),
            };
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (guard)
        {
            file.Dispose();
            log?.Dispose();
            output.Dispose();
            errors.Dispose();
        }
    }

    private void Take(StdioPart part)
    {
        if (log is not null)
        {
            printer.Read(log, part);
        }
        else if (part.Frame is null && CarriedLine.Read(part.Line).Frame is null)
        {
            output.Write(Encoding.UTF8.GetBytes(part.Line + "\n"));
        }
        else
        {
            sealedCount++;
        }
    }
}
