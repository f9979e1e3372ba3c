using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json.Nodes;

namespace Guardian.Tests;

/// <summary>Runs the built programs as a user does: as processes, in a folder of their own, which is also their home.</summary>
internal static class GuardianProgram
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(10);

    // Tests and programs have the same build configuration.
    private static readonly string Configuration = Path.GetFileName(AppContext.BaseDirectory.TrimEnd('/'));

    // The suite 'native' runs the same tests on the programs that deploy/native/build made; each program has a folder.
    private static readonly string? NativePrograms = Environment.GetEnvironmentVariable("GUARDIAN_NATIVE");

    /// <summary>Variables for the programs that the present test starts; null removes one.</summary>
    public static AsyncLocal<IReadOnlyDictionary<string, string?>?> Variables { get; } = new();

    /// <summary>Finds the folder that a program was built to, which is the folder that is measured.</summary>
    public static string FolderOf(string project)
    {
        var name = project == "Guardian.Cli" ? "guardian" : project.Replace('.', '-').ToLowerInvariant();
        var native = NativePrograms is null ? null : Path.Combine(NativePrograms, name);
        return native is not null && Directory.Exists(native)
            ? native
            : Repository.File("artifacts", "bin", project, Configuration);
    }

    /// <summary>The command that starts a program, without arguments.</summary>
    public static string[] Command(string project, string program) => CommandIn(FolderOf(project), program);

    private static string[] CommandIn(string build, string program)
    {
        var file = Path.Combine(build, program);
        return File.Exists(file) ? [file] : ["dotnet", file + ".dll"];
    }

    /// <summary>Reads the public half of a key's file, as <c>guardian key show</c> prints it.</summary>
    public static string PublicKey(string file)
    {
        using var key = ECDsa.Create();
        key.ImportFromPem(File.ReadAllText(file));
        return Convert.ToBase64String(key.ExportSubjectPublicKeyInfo());
    }

    /// <summary>Runs <c>guardian</c> to its end.</summary>
    public static Task<Result> RunAsync(string folder, params string[] arguments) => RunAsync(folder, input: null, arguments);

    /// <summary>Runs <c>guardian</c> to its end.</summary>
    /// <param name="folder">The working folder and home.</param>
    /// <param name="input">The standard input; null keeps it open and empty.</param>
    /// <param name="arguments">The arguments.</param>
    public static async Task<Result> RunAsync(string folder, string? input, string[] arguments)
    {
        using var process = Start(folder, "Guardian.Cli", "guardian", arguments);
        if (input is not null)
        {
            await process.StandardInput.WriteAsync(input);
            process.StandardInput.Close();
        }
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
    public static Task<Running> ServeAsync(string folder, string project, string program, params string[] arguments) =>
        ServeAsync(Start(folder, project, program, [.. arguments, "--json"]), program);

    /// <summary>Starts another build of a program, which is in a folder of its own, and waits until it listens.</summary>
    public static Task<Running> ServeBuildAsync(string folder, string build, string program, params string[] arguments) =>
        ServeAsync(Start(folder, CommandIn(build, program), [.. arguments, "--json"]), program);

    /// <summary>Runs another build of <c>guardian</c>, which is in a folder of its own, to its end.</summary>
    public static async Task<Result> RunBuildAsync(string folder, string build, params string[] arguments)
    {
        using var process = Start(folder, CommandIn(build, "guardian"), arguments);
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        return new Result(process.ExitCode, await output, await error);
    }

    /// <summary>Makes another build of a program: the same files and one more, which changes its measurement.</summary>
    public static string MakeBuild(string project, string build)
    {
        Directory.CreateDirectory(build);
        foreach (var file in Directory.GetFiles(FolderOf(project), "*", SearchOption.AllDirectories))
        {
            var copy = Path.Combine(build, Path.GetRelativePath(FolderOf(project), file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(file, copy);
        }
        File.WriteAllText(Path.Combine(build, "build"), Path.GetFileName(build));
        return build;
    }

    /// <summary>Reads the next event that a program prints with <c>--json</c>, after those about the steps of its start.</summary>
    public static async Task<JsonNode> ReadEventAsync(Process process)
    {
        using var limit = new CancellationTokenSource(Limit);
        JsonNode message;
        do
        {
            message = JsonNode.Parse((await process.StandardOutput.ReadLineAsync(limit.Token))!)!;
        }
        while ((string?)message["event"] == "starting");
        return message;
    }

    private static async Task<Running> ServeAsync(Process process, string program)
    {
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

    /// <summary>Starts a program. The caller reads its standard streams.</summary>
    public static Process Start(string folder, string project, string program, IEnumerable<string> arguments) =>
        Start(folder, Command(project, program), arguments);

    /// <summary>Starts a command with the surroundings of the programs. The caller reads its standard streams.</summary>
    public static Process Start(string folder, string[] command, IEnumerable<string> arguments)
    {
        var start = new ProcessStartInfo(command[0])
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
        };
        start.Environment["HOME"] = folder;
        start.Environment["NO_COLOR"] = "1";
        start.Environment.Remove("XDG_STATE_HOME");
        start.Environment.Remove("XDG_CONFIG_HOME");
        // A developer's own choices; tests make theirs in a file, as the shell of a user keeps them.
        foreach (var name in start.Environment.Keys.Where(name => name.StartsWith("GUARDIAN_", StringComparison.Ordinal)).ToList())
        {
            start.Environment.Remove(name);
        }
        var chosen = Path.Combine(folder, "environment");
        foreach (var line in File.Exists(chosen) ? File.ReadAllLines(chosen) : [])
        {
            start.Environment[line.Split('=', 2)[0]] = line.Split('=', 2)[1];
        }
        // A developer's shell may hold a cloud's address and password there.
        foreach (var variable in start.Environment.Keys.Where(name => name.StartsWith("OS_", StringComparison.Ordinal)).ToList())
        {
            start.Environment.Remove(variable);
        }
        foreach (var (name, value) in Variables.Value ?? new Dictionary<string, string?>())
        {
            start.Environment[name] = value;
        }
        foreach (var argument in command.Skip(1).Concat(arguments))
        {
            start.ArgumentList.Add(argument);
        }
        return Process.Start(start)!;
    }
}

/// <summary>The output and the exit code of a command.</summary>
internal sealed record Result(int ExitCode, string Output, string Error)
{
    public JsonNode Json => JsonNode.Parse(Output)!;

    /// <summary>Asserts the exit code; a failure shows the output.</summary>
    public Result Ends(int exitCode)
    {
        Assert.True(ExitCode == exitCode, $"exit code {ExitCode} instead of {exitCode}\n{Output}\n{Error}");
        return this;
    }

    /// <summary>Asserts that the standard error contains a text.</summary>
    public Result Says(string words)
    {
        Assert.Contains(words, Error, StringComparison.Ordinal);
        return this;
    }
}

/// <summary>A program that serves. Disposing it kills it as <c>kill -9</c> does.</summary>
internal sealed class Running(Process process, Uri address) : IDisposable
{
    private bool isDisposed;

    public Uri Address { get; } = address;

    /// <summary>Stops the program, so that its port is open and nothing answers, or lets it go on.</summary>
    public void Freeze(bool isFrozen)
    {
        using var signal = Process.Start("kill", [isFrozen ? "-STOP" : "-CONT", process.Id.ToString(CultureInfo.InvariantCulture)]);
        signal.WaitForExit();
    }

    /// <summary>Waits until the program ends by itself, and returns its exit code.</summary>
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
