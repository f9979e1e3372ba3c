using System.CommandLine;
using System.Text.Json.Serialization;
using Guardian.Attestation.Collateral;
using Guardian.Cli.Failures;
using Guardian.Cli.Output;

namespace Guardian.Cli.Commands.Quotes;

/// <summary><c>guardian quote collateral show</c>.</summary>
internal sealed class CollateralShowCommand : LocalCommand
{
    private readonly Argument<string> path = CollateralFile.CreateArgument();

    public CollateralShowCommand() : base("show", "Show which platform collateral is for, and when each piece expires.") =>
        AddSymbols(path);

    protected override int Run(ParseResult arguments, Terminal terminal)
    {
        var (summary, refusal) = CollateralSummary.TryRead(CollateralFile.Read(arguments.GetRequiredValue(path)));
        if (summary is null)
        {
            throw CliReasons.BadCollateral.Refuse($"{arguments.GetRequiredValue(path)}: {refusal!.Detail}");
        }
        var result = new CollateralShowResult(
            QuoteIdentity.Name(summary.Tee), summary.Fmspc, summary.EvaluationDataNumber, summary.QeEvaluationDataNumber,
            Format.Instant(summary.Expires),
            summary.RevokedCertificates,
            [.. summary.Pieces.Select(piece => new PieceResult(piece.Name, Format.Instant(piece.From), Format.Instant(piece.To)))]);
        terminal.Show(result, QuotesJson.Default.CollateralShowResult, people =>
        {
            people.WriteLine($"{summary.Tee} platform {summary.Fmspc}, TCB evaluation data number {summary.EvaluationDataNumber}");
            var table = new TextTable().AddTextColumns("piece", "from", "to");
            foreach (var piece in result.Pieces)
            {
                table.AddRow(piece.Name, piece.From, piece.To);
            }
            people.WriteTable(table);
            people.WriteLine(
                summary.RevokedCertificates is { } count ? $"{count} certificates are revoked" : "a revocation list is missing");
        });
        return ExitCode.Done;
    }
}

/// <summary>The result of <c>quote collateral show</c>.</summary>
/// <param name="Expires">When the first piece expires.</param>
/// <param name="RevokedCertificates">Entries of both revocation lists; null when a list is missing.</param>
internal sealed record CollateralShowResult(
    string Tee, string Fmspc, int TcbEvaluationDataNumber, int QeTcbEvaluationDataNumber, string Expires,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] int? RevokedCertificates, IReadOnlyList<PieceResult> Pieces);

/// <summary>A piece of collateral and its validity.</summary>
internal sealed record PieceResult(string Name, string From, string To);
