using System.Diagnostics;
using System.Text.Json.Nodes;

namespace Guardian.Tests;

/// <summary>Runs the built programs as a user would: as processes, in a folder of their own, which is also their home.</summary>
internal static class GuardianProgram
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(120);

    // Tests and programs are built in the same configuration.
    private static readonly string Configuration = Path.GetFileName(AppContext.BaseDirectory.TrimEnd('/'));

    /// <summary>Where a program was built to: what is measured.</summary>
    public static string FolderOf(string project) => Repository.File("artifacts", "bin", project, Configuration);

    /// <summary>Runs <c>guardian</c> to its end.</summary>
    public static async Task<Result> RunAsync(string folder, params string[] arguments)
    {
        using var process = Start(folder, "Guardian.Cli", "guardian", arguments);
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        using var limit = new CancellationTokenSource(Limit);
        try
        {
            await process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            Assert.Fail($"guardian {string.Join(' ', arguments)} did not end");
        }
        return new Result(process.ExitCode, await output, await error);
    }

    /// <summary>Starts a program and waits until it listens.</summary>
    public static async Task<Running> ServeAsync(string folder, string project, string program, params string[] arguments)
    {
        var process = Start(folder, project, program, [.. arguments, "--json"]);
        using var limit = new CancellationTokenSource(Limit);
        var error = process.StandardError.ReadToEndAsync(limit.Token);
        while (await process.StandardOutput.ReadLineAsync(limit.Token) is { } line)
        {
            if (JsonNode.Parse(line) is { } message && (string?)message["event"] == "listening")
            {
                return new Running(process, new Uri((string)message["address"]!));
            }
        }
        await process.WaitForExitAsync(limit.Token);
        throw new InvalidOperationException($"{program} ended with exit code {process.ExitCode}: {await error}");
    }

    /// <summary>Starts a program; its standard streams are the caller's to read.</summary>
    public static Process Start(string folder, string project, string program, IEnumerable<string> arguments)
    {
        var start = new ProcessStartInfo("dotnet")
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
        };
        start.Environment["HOME"] = folder;
        start.Environment["NO_COLOR"] = "1";
        start.Environment.Remove("XDG_STATE_HOME");
        // Whoever works with a cloud here has its name and password there.
        foreach (var variable in start.Environment.Keys.Where(name => name.StartsWith("OS_", StringComparison.Ordinal)).ToList())
        {
            start.Environment.Remove(variable);
        }
        start.ArgumentList.Add(Path.Combine(FolderOf(project), program + ".dll"));
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }
        return Process.Start(start)!;
    }
}

/// <summary>What a command said and how it ended.</summary>
internal sealed record Result(int ExitCode, string Output, string Error)
{
    public JsonNode Json => JsonNode.Parse(Output)!;

    /// <summary>Asserts the exit code; a failure shows what was said.</summary>
    public Result Ends(int exitCode)
    {
        Assert.True(ExitCode == exitCode, $"exit code {ExitCode} instead of {exitCode}\n{Output}\n{Error}");
        return this;
    }

    /// <summary>Asserts that the error says something.</summary>
    public Result Says(string words)
    {
        Assert.Contains(words, Error, StringComparison.Ordinal);
        return this;
    }
}

/// <summary>A program that serves. Disposing it is kill -9.</summary>
internal sealed class Running(Process process, Uri address) : IDisposable
{
    private bool isDisposed;

    public Uri Address { get; } = address;

    /// <summary>Waits until it ends by itself, and gives its exit code.</summary>
    public async Task<int> WaitAsync(CancellationToken cancellation)
    {
        await process.WaitForExitAsync(cancellation);
        return process.ExitCode;
    }

    public void Dispose()
    {
        if (isDisposed)
        {
            return;
        }
        isDisposed = true;
        process.Kill(entireProcessTree: true);
        process.WaitForExit();
        process.Dispose();
    }
}
