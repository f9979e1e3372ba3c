using System.CommandLine;
using Guardian.Attestation.Collateral;
using Guardian.Attestation.Policy;
using Guardian.Attestation.Verification;
using Guardian.Cli.Failures;
using Guardian.Cli.Inputs;
using Guardian.Cli.Output;
using Guardian.Refusals;

namespace Guardian.Cli.Commands.Quotes;

/// <summary><c>guardian quote verify</c>.</summary>
internal sealed class QuoteVerifyCommand : LocalCommand
{
    private readonly Argument<string> quote = QuoteShowCommand.CreateQuoteArgument();
    private readonly AppraisalOptions appraisalOptions = new();
    private readonly EarOptions earOptions = new();

    public QuoteVerifyCommand() : base("verify", "Verify a quote against Intel's collateral, offline, and appraise it.") =>
        AddSymbols([quote, .. appraisalOptions.All, .. earOptions.All]);

    protected override int Run(ParseResult arguments, Terminal terminal)
    {
        appraisalOptions.RefuseIdle(arguments);
        earOptions.Check(arguments);
        using var signer = earOptions.OpenKey(arguments);
        var (bytes, unreadable) = QuoteFile.Read(arguments.GetRequiredValue(quote));
        var accepted = appraisalOptions.ReadPolicy(arguments);
        (var found, unreadable) = bytes is null
            ? new Outcome<QuoteCollateral>(null, unreadable)
            : appraisalOptions.FindCollateral(arguments, bytes);
        var outcome = unreadable is null
            ? QuoteVerifier.Verify(
                bytes, found, appraisalOptions.FindInstant(arguments), appraisalOptions.ReadVerifierOptions(arguments))
            : unreadable;
        var appraisal = outcome.Value is { } verified ? accepted.Appraise(verified) : null;
        if (appraisal is not null && signer is not null)
        {
            earOptions.Write(arguments, keySha256: null, context => AttestationToken.Sign(
                outcome.Value!, accepted, signer, TimeProvider.System.GetUtcNow(), context));
        }
        Show(terminal, QuoteVerifyResult.Of(outcome, accepted, appraisal), appraisal);
        return appraisal?.IsAccepted == true ? ExitCode.Done : ExitCode.Refused;
    }

    private static void Show(Terminal terminal, QuoteVerifyResult result, Appraisal? appraisal) =>
        terminal.Show(result, QuotesJson.Default.QuoteVerifyResult, people =>
    {
        var refused = appraisal?.Checks.Where(check => !check.Passed).ToList() ?? [];
        // The details of a refused policy follow, one line for each rule.
        people.WriteFacts(Facts.Of(refused.Count > 0 ? result with { Detail = null } : result, QuotesJson.Default.QuoteVerifyResult));
        foreach (var check in refused)
        {
            people.WriteLine($"not accepted: {check}");
            people.WriteLine($"  to fix it: {check.Advice}");
        }
    });
}
