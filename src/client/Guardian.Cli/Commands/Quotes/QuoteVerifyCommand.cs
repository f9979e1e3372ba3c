using System.CommandLine;
using Guardian.Attestation.Policy;
using Guardian.Attestation.Verification;
using Guardian.Cli.Failures;
using Guardian.Cli.Inputs;
using Guardian.Cli.Output;

namespace Guardian.Cli.Commands.Quotes;

/// <summary><c>guardian quote verify</c>.</summary>
internal sealed class QuoteVerifyCommand : LocalCommand
{
    private readonly Argument<string> quote = QuoteShowCommand.CreateQuoteArgument();
    private readonly AppraisalOptions appraisalOptions = new();
    private readonly Option<string?> ear = new("--ear")
    {
        Description = "Write the result as a signed token (EAR, JWT) for others to rely on; needs --key.",
        HelpName = "FILE",
    };
    private readonly Option<string?> nonce = new("--ear-nonce")
    {
        Description = "The relying party's nonce, 8 to 88 characters, which the token repeats.",
        HelpName = "NONCE",
    };
    private readonly Option<string?> key = new("--key") { Description = "The key that signs the token.", HelpName = "FILE" };

    public QuoteVerifyCommand() : base("verify", "Verify a quote against Intel's collateral, offline, and appraise it.") =>
        AddSymbols([quote, .. appraisalOptions.All, ear, nonce, key]);

    protected override int Run(ParseResult arguments, Terminal terminal)
    {
        RefuseIdleOptions(arguments);
        OutputFile.RequireNew(arguments.GetValue(ear));
        using var signer = arguments.GetValue(ear) is null
            ? null
            : KeyFile.Load(arguments.GetValue(key) ?? throw CliReasons.NoKey.Refuse("a token needs a key"));
        var bytes = QuoteFile.Read(arguments.GetRequiredValue(quote));
        var accepted = appraisalOptions.ReadPolicy(arguments);
        var (found, unreadable) = appraisalOptions.FindCollateral(arguments, bytes);
        var outcome = unreadable is null
            ? QuoteVerifier.Verify(
                bytes, found, appraisalOptions.FindInstant(arguments), appraisalOptions.ReadVerifierOptions(arguments))
            : unreadable;
        var appraisal = outcome.Value is { } verified ? accepted.Appraise(verified) : null;
        if (appraisal is not null && signer is not null)
        {
            var token = AttestationToken.Sign(
                outcome.Value!, accepted, signer, TimeProvider.System.GetUtcNow(), arguments.GetValue(nonce));
            OutputFile.Write(arguments.GetRequiredValue(ear)!, token);
        }
        Show(terminal, QuoteVerifyResult.Of(outcome, accepted, appraisal), appraisal);
        return appraisal?.IsAccepted == true ? ExitCode.Done : ExitCode.Refused;
    }

    // An option without effect would let its user believe in one.
    private void RefuseIdleOptions(ParseResult arguments)
    {
        appraisalOptions.RefuseIdle(arguments);
        if (arguments.GetValue(ear) is null && (arguments.GetValue(nonce) ?? arguments.GetValue(key)) is not null)
        {
            throw CliReasons.Usage.Refuse("--key and --ear-nonce are for a token", "add --ear FILE");
        }
        if (arguments.GetValue(nonce) is { } text && !AttestationToken.IsNonce(text))
        {
            throw CliReasons.Usage.Refuse("a nonce has 8 to 88 printable characters of ASCII, without blanks");
        }
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
