using System.CommandLine;
using Guardian.Cli.Failures;
using Guardian.Cli.Output;
using Guardian.Metering;

namespace Guardian.Cli.Commands.Cloud;

/// <summary><c>guardian usage dataframes</c>. CloudKitty defines the JSON, so people and programs get the same.</summary>
internal sealed class UsageDataframesCommand : CliCommand
{
    private readonly UsageOptions options = new();

    public UsageDataframesCommand() : base(
        "dataframes", "Print the EPC of running guests, hour by hour, as CloudKitty takes it at POST /v2/dataframes.") =>
        AddSymbols(options.All);

    protected override async Task<int> RunAsync(ParseResult arguments, Terminal terminal, CancellationToken cancellation)
    {
        var (start, end) = options.ReadPeriod(arguments);
        var timelines = await options.ReadTimelinesAsync(arguments, cancellation).ConfigureAwait(false)
            ?? throw CliReasons.NoJournal.Refuse("dataframes are made from journals, and none is given");
        terminal.Print(Dataframes.Write(timelines.Values, start, end));
        return ExitCode.Done;
    }
}
