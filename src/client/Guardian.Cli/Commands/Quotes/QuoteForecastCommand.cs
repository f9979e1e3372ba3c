using System.CommandLine;
using Guardian.Attestation.Collateral;
using Guardian.Attestation.Quotes;
using Guardian.Attestation.Verification;
using Guardian.Cli.Failures;
using Guardian.Cli.Inputs;
using Guardian.Cli.Installation;
using Guardian.Cli.Output;
using Guardian.Refusals;

namespace Guardian.Cli.Commands.Quotes;

/// <summary><c>guardian quote forecast</c>: which hosts the next TCB recovery makes outdated.</summary>
internal sealed class QuoteForecastCommand : LocalCommand
{
    private readonly Argument<string[]> hosts = new("HOST")
    {
        Description = "A quote or a PCK certificate chain (PEM) of each host, or a folder with one file for each; the file's name is the "
            + "host's.",
        Arity = ArgumentArity.OneOrMore,
    };
    private readonly Option<string?> store = new("--store")
    {
        Description = "Folder with the collateral. Without it, the folder into which 'quote collateral fetch' writes.",
        HelpName = "DIR",
    };
    private readonly Option<DateTimeOffset?> at = new("--at")
    {
        Description = "The instant at which the collateral must be valid, RFC 3339. Without it, now.",
        CustomParser = Instants.ParseRfc3339,
        HelpName = "INSTANT",
    };
    private readonly Option<string?> root = new("--root")
    {
        Description = "Certificate of the root of trust, PEM, in place of Intel's.",
        HelpName = "FILE",
    };

    public QuoteForecastCommand() : base("forecast", "Show which hosts become outdated with the next TCB recovery, and by what.") =>
        AddSymbols(hosts, store, at, root);

    protected override int Run(ParseResult arguments, Terminal terminal)
    {
        var result = QuoteForecastResult.Read(
            arguments.GetRequiredValue(hosts), arguments.GetValue(store), arguments.GetValue(root), arguments.GetValue(at));
        terminal.Show(result, QuotesJson.Default.QuoteForecastResult, people => Write(people, result));
        return result.Unknown > 0 ? ExitCode.Failed : result.BecomeWorse > 0 ? ExitCode.Refused : ExitCode.Done;
    }

    private static void Write(TextOutput people, QuoteForecastResult result)
    {
        var table = new TextTable().AddTextColumns("host", "platform", "now", "next recovery");
        foreach (var host in result.Forecasts)
        {
            table.AddRow(host.Host, host.Fmspc ?? "", host.Now ?? "unknown", host.Next ?? "unknown");
        }
        people.WriteTable(table);
        foreach (var host in result.Forecasts.Where(host => host.BecomesWorse || host.Problem is not null))
        {
            foreach (var line in host.Problem is { } problem ? [problem] : host.Shortfall)
            {
                people.WriteLine($"{host.Host}: {line}");
            }
        }
        people.WriteLine(result.Describe());
    }
}

/// <summary>The result of <c>quote forecast</c>.</summary>
/// <param name="Hosts">The number of hosts.</param>
/// <param name="BecomeWorse">The number of hosts whose status becomes worse.</param>
/// <param name="Unknown">The number of hosts about which nothing can be said.</param>
/// <param name="Forecasts">Each host; those that become worse first.</param>
internal sealed record QuoteForecastResult(int Hosts, int BecomeWorse, int Unknown, IReadOnlyList<HostForecast> Forecasts)
{
    /// <summary>Forecasts hosts.</summary>
    /// <param name="hosts">A quote or a PCK certificate chain of each host, or folders with one file for each.</param>
    /// <param name="store">Folder with the collateral; null for the user's.</param>
    /// <param name="root">Certificate of the root of trust; null for Intel's.</param>
    /// <param name="at">The instant at which the collateral must be valid; null for now.</param>
    /// <exception cref="RefusedException">A file is missing or unreadable.</exception>
    public static QuoteForecastResult Read(IEnumerable<string> hosts, string? store, string? root, DateTimeOffset? at)
    {
        var forecast = new TcbForecast(
            UserFolders.OpenCollateral(store), UserFolders.OpenCollateral(store, EvaluationSet.Early),
            new VerifierOptions { Anchors = [AppraisalOptions.ReadAnchor(root)] }, at ?? TimeProvider.System.GetUtcNow());
        List<HostForecast> all =
        [
            .. hosts.SelectMany(ListFiles).Select(path => forecast.Read(path, InputFile.ReadBytes(path, Quote.MaxSize)))
                .OrderByDescending(host => host.BecomesWorse).ThenBy(host => host.Host, StringComparer.Ordinal),
        ];
        return new QuoteForecastResult(
            all.Count, all.Count(host => host.BecomesWorse), all.Count(host => host.Problem is not null), all);
    }

    /// <summary>The result in a line.</summary>
    public string Describe()
    {
        var numbers = string.Join(", ", Forecasts.Where(host => host.NextEvaluation is not null)
            .Select(host => $"{host.NowEvaluation} to {host.NextEvaluation}").Distinct().Order(StringComparer.Ordinal));
        return $"{BecomeWorse} of {Hosts} hosts become worse with the next TCB recovery"
            + (numbers.Length > 0 ? $" (TCB evaluation data number {numbers})" : "");
    }

    private static IEnumerable<string> ListFiles(string path) => Directory.Exists(path)
        ? Directory.EnumerateFiles(path).Order(StringComparer.Ordinal)
        : [InputFile.Require(path)];
}
