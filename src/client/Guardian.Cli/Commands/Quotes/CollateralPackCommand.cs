using System.CommandLine;
using Guardian.Attestation.Collateral;
using Guardian.Cli.Failures;
using Guardian.Cli.Inputs;
using Guardian.Cli.Output;

namespace Guardian.Cli.Commands.Quotes;

/// <summary><c>guardian quote collateral pack</c>.</summary>
internal sealed class CollateralPackCommand : LocalCommand
{
    private readonly Argument<string> path = CollateralFile.CreateArgument();
    private readonly Option<string> output = new("--output") { Description = "The file to write.", Required = true, HelpName = "FILE" };

    public CollateralPackCommand() : base("pack", "Pack collateral into one file, byte for byte as signed.") => AddSymbols(path, output);

    protected override int Run(ParseResult arguments, Terminal terminal)
    {
        var target = arguments.GetRequiredValue(output);
        OutputFile.RequireNew(target);
        OutputFile.Write(target, CollateralFiles.Pack(CollateralFile.Read(arguments.GetRequiredValue(path))));
        terminal.Show(new FileResult(target), QuotesJson.Default.FileResult, people => people.WriteLine($"wrote {target}"));
        return ExitCode.Done;
    }
}
