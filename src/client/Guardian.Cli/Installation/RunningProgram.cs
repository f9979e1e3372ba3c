using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Guardian.Cli.Failures;
using Guardian.Files.Native;
using Guardian.Refusals;

namespace Guardian.Cli.Installation;

/// <summary>A program that serves until it is ended.</summary>
internal sealed class RunningProgram : IDisposable
{
    private readonly string name;
    private readonly Process process;
    private readonly Task<string> errors;

    public RunningProgram(string name, Process process)
    {
        this.name = name;
        this.process = process;
        errors = process.StartInfo.RedirectStandardError ? process.StandardError.ReadToEndAsync() : Task.FromResult("");
    }

    /// <summary>Waits until the program listens, however long it takes, as long as it lives.</summary>
    /// <param name="onStep">Gets what the program does meanwhile; null when nobody wants to know.</param>
    /// <exception cref="RefusedException">The program ended before; the refusal has its kind of exit code and its error text.</exception>
    public Task<ListeningMessage> WaitUntilListeningAsync(CancellationToken cancellation, Action<string>? onStep = null) => ReadAsync(
        InstallationJson.Default.ListeningMessage,
        message =>
        {
            if (message is { Event: "starting", Step: { } step })
            {
                onStep?.Invoke(step);
            }
            return message.Event == "listening";
        },
        cancellation);

    /// <summary>Reads the program's messages up to one.</summary>
    /// <exception cref="RefusedException">The program ended before; the refusal has its kind of exit code and its error text.</exception>
    public async Task<T> ReadAsync<T>(JsonTypeInfo<T> type, Predicate<T> isWanted, CancellationToken cancellation) where T : class
    {
        while (await process.StandardOutput.ReadLineAsync(cancellation).ConfigureAwait(false) is { } line)
        {
            if (JsonSerializer.Deserialize(line, type) is { } message && isWanted(message))
            {
                return message;
            }
        }
        await process.WaitForExitAsync(cancellation).ConfigureAwait(false);
        var reason = CliReasons.NotStarted with { Kind = ExitCode.ToKind(process.ExitCode) };
        throw reason.Refuse(
            $"{name} ended with exit code {process.ExitCode}", problems: (await errors.ConfigureAwait(false)).Trim().Split('\n'));
    }

    /// <summary>Waits until the program ends.</summary>
    /// <returns>Its exit code.</returns>
    public async Task<int> WaitAsync(CancellationToken cancellation)
    {
        // A pipe that nobody reads would stop the program.
        var reading = process.StandardOutput.BaseStream.CopyToAsync(Stream.Null, cancellation);
        await process.WaitForExitAsync(cancellation).ConfigureAwait(false);
        await reading.ConfigureAwait(false);
        return process.ExitCode;
    }

    /// <summary>Asks the program to end in order, and waits until it has.</summary>
    /// <param name="limit">The time after which it is killed.</param>
    /// <returns>
    /// Its exit code: 0 when it served, and also when the signal ended it before it served; one that is not 0 when it had to be killed.
    /// </returns>
    public async Task<int> EndAsync(TimeSpan limit)
    {
        _ = Libc.Kill(process.Id, Libc.Terminate);
        using var timeout = new CancellationTokenSource(limit);
        try
        {
            var code = await WaitAsync(timeout.Token).ConfigureAwait(false);
            return code == ExitCode.OfSignal(Libc.Terminate) ? ExitCode.Done : code;
        }
        catch (OperationCanceledException)
        {
            return ExitCode.Failed;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (!process.HasExited)
        {
            process.Kill(entireProcessTree: true);
            process.WaitForExit();
        }
        process.Dispose();
    }
}

/// <summary>The line with which a program says that it serves.</summary>
/// <param name="Event"><c>listening</c>; other lines have other events.</param>
/// <param name="Address">Where it listens, https://host:port.</param>
/// <param name="MrEnclave">Its measurement, lower-case hexadecimal.</param>
/// <param name="Platform"><c>hardware</c> or <c>simulated</c>.</param>
/// <param name="Step">Of an event <c>starting</c>: what the program does now.</param>
internal sealed record ListeningMessage(string? Event, string? Address, string? MrEnclave, string? Platform, string? Step = null);

/// <summary>Source-generated JSON of the programs' messages. Members that are unknown here are skipped, so that programs can say
/// more.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(ListeningMessage))]
internal sealed partial class InstallationJson : JsonSerializerContext;
