using System.CommandLine;
using Guardian.Attestation.Collateral;
using Guardian.Cli.Failures;
using Guardian.Cli.Inputs;
using Guardian.Refusals;

namespace Guardian.Cli.Commands.Quotes;

/// <summary>Reads collateral from a folder or a packed file.</summary>
internal static class CollateralFile
{
    /// <summary>The argument that names it.</summary>
    public static Argument<string> CreateArgument() => new("COLLATERAL")
    {
        Description = "A folder with a file for each piece, or a packed file.",
    };

    /// <summary>Reads collateral.</summary>
    /// <exception cref="RefusedException">It is missing, or is no collateral.</exception>
    public static QuoteCollateral Read(string path)
    {
        var (collateral, refusal) = CollateralFiles.Read(InputFile.Require(path));
        return collateral ?? throw CliReasons.BadCollateral.Refuse($"{path} holds no collateral: {refusal!.Detail}");
    }
}
