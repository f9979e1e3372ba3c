using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Serialization;
using Guardian.Cli.Failures;
using Guardian.Cli.Installation;
using Guardian.Cli.Options;
using Guardian.Cli.Output;

namespace Guardian.Cli.Commands.Cas;

/// <summary><c>guardian cas doctor</c>.</summary>
internal sealed class CasDoctorCommand : CliCommand
{
    private readonly HostOptions host = new("cas");
    private readonly Option<string?> database = new("--database")
    {
        Description = "File with a connection string of PostgreSQL. Without it, SQLite in the state folder.",
        HelpName = "FILE",
    };

    public CasDoctorCommand() : base(
        "doctor", "Check the store of a CAS offline: the log, the owners' shares and, where its key is, every row. Changes nothing.") =>
        AddSymbols([.. host.Folders, database]);

    protected override async Task<int> RunAsync(ParseResult arguments, Terminal terminal, CancellationToken cancellation)
    {
        string[] more = arguments.GetValue(database) is { } file ? ["--database", file] : [];
        var state = arguments.GetRequiredValue(host.State);
        if (!Directory.Exists(state))
        {
            throw CliReasons.Io.Refuse($"there is no folder {state}; give the state folder of the CAS with --state");
        }
        using var running = InstalledProgram.Cas.Start(
            ["--mode", "doctor", "--listen", "127.0.0.1:0", .. host.ReadFolders(arguments), .. more], forwardErrors: false);
        var report = await running.ReadAsync(CasDoctorJson.Default.CasDoctorResult, found => found.Event == "doctor", cancellation)
            .ConfigureAwait(false);
        terminal.Show(report, CasDoctorJson.Default.CasDoctorResult, people => WriteText(report, people));
        return report.Healthy ? ExitCode.Done : ExitCode.Refused;
    }

    private static void WriteText(CasDoctorResult report, TextOutput people)
    {
        foreach (var check in report.Checks)
        {
            people.WriteLine($"{check.Result,-12} {check.Name}: {check.Detail}");
            if (check.Advice is not null && check.Result != "ok")
            {
                people.WriteLine($"{"",-12} do: {check.Advice}");
            }
        }
        people.WriteLine(report.Healthy
            ? "nothing is wrong with what could be checked"
            : "this store is damaged; a CAS refuses to serve it");
    }
}

/// <summary>The result of <c>cas doctor</c>.</summary>
/// <param name="Event"><c>doctor</c>.</param>
/// <param name="Healthy">Whether no check failed.</param>
/// <param name="Identity">The identity of the CAS; null when the log does not verify.</param>
/// <param name="Entries">The entries of the log that verify.</param>
internal sealed record CasDoctorResult(
    string? Event, bool Healthy, string? Identity, long Entries, IReadOnlyList<CasDoctorCheckResult> Checks);

/// <summary>One check of <c>cas doctor</c>.</summary>
/// <param name="Name">A stable word.</param>
/// <param name="Result"><c>ok</c>, <c>failed</c> or <c>not-checked</c>.</param>
/// <param name="Advice">What to do; null when there is nothing to do.</param>
internal sealed record CasDoctorCheckResult(string Name, string Result, string Detail, string? Advice);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(CasDoctorResult))]
internal sealed partial class CasDoctorJson : JsonSerializerContext;
