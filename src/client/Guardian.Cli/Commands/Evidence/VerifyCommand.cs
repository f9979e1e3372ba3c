using System.CommandLine;
using System.Text;
using Guardian.Attestation.Collateral;
using Guardian.Attestation.Envelopes;
using Guardian.Attestation.Keeping;
using Guardian.Attestation.Policy;
using Guardian.Attestation.Quotes;
using Guardian.Attestation.Verification;
using Guardian.Cli.Commands.Quotes;
using Guardian.Cli.Failures;
using Guardian.Cli.Inputs;
using Guardian.Cli.Output;
using Guardian.Refusals;

namespace Guardian.Cli.Commands.Evidence;

/// <summary><c>guardian verify</c>.</summary>
internal sealed class VerifyCommand : CliCommand
{
    private readonly Argument<string> evidence = new("EVIDENCE")
    {
        Description =
            "A file, - for standard input, or https://HOST. Quotes, Open Enclave reports, RA-TLS certificates, MarbleRun's quote, "
            + "reports of SEV-SNP, and tokens of Azure, Intel Trust Authority and EAR verifiers are recognised: raw, hexadecimal, base64 "
            + "or PEM.",
    };
    private readonly AppraisalOptions appraisalOptions = new();
    private readonly Option<string?> keys = new("--keys")
    {
        Description = "The keys of a token's issuer (JWKS), from a place that you trust.",
        HelpName = "FILE",
    };
    private readonly Option<string?> issuer = new("--issuer")
    {
        Description = "The issuer that a token must name, as the result shows it: one set of keys can serve several issuers.",
        HelpName = "NAME",
    };
    private readonly Option<bool> offline = new("--offline")
    {
        Description = "Fetch no collateral; without it, missing collateral comes from --service and is not stored.",
    };
    private readonly ServiceOptions services = new();
    private readonly Option<string?> nonce = new("--nonce")
    {
        Description = "The nonce that you sent: a token must repeat it, and MarbleRun's quote must name it (base64url).",
        HelpName = "NONCE",
    };
    private readonly EarOptions earOptions = new();
    private readonly Option<string?> eventLog = new("--event-log")
    {
        Description = "The event log of a trust domain (CCEL, dstack's JSON, or AAEL): its events must give the registers of the quote.",
        HelpName = "FILE",
    };
    private readonly Option<bool> why = new("--why")
    {
        Description = "Show every rule, also those that hold, and each step that fixes one.",
    };

    public VerifyCommand() : base("verify", "Find out what some evidence is, verify it, and say whether to trust it.") =>
        AddSymbols([evidence, .. appraisalOptions.All, keys, issuer, nonce, eventLog, offline, .. services.All, why, .. earOptions.All]);

    protected override async Task<int> RunAsync(ParseResult arguments, Terminal terminal, CancellationToken cancellation)
    {
        appraisalOptions.RefuseIdle(arguments);
        earOptions.Check(arguments);
        using var signer = earOptions.OpenKey(arguments);
        var policy = appraisalOptions.ReadPolicy(arguments);
        var place = arguments.GetRequiredValue(evidence);
        var (envelope, refusal) = await EvidenceSource.ReadAsync(place, arguments.GetValue(nonce), cancellation).ConfigureAwait(false);
        if (envelope is null)
        {
            return Show(terminal, new VerifyResult(null, null, QuoteVerifyResult.Of(refusal!, policy, null), null, false), null, false);
        }
        if (envelope.Kind is EnvelopeKind.Token or EnvelopeKind.SnpReport && arguments.GetValue(eventLog) is not null)
        {
            throw CliReasons.Usage.Refuse(
                $"--event-log is for the quote of a trust domain, and {place} is a {envelope.Name}", "omit --event-log");
        }
        if (envelope.Kind == EnvelopeKind.Token)
        {
            return VerifyToken(arguments, envelope, policy, terminal);
        }
        RefuseTokensOptions(arguments, place, envelope);
        if (envelope.Kind == EnvelopeKind.SnpReport)
        {
            var (snp, rules) = SnpVerification.Run(appraisalOptions, earOptions, arguments, envelope, policy, signer);
            return Show(
                terminal, new VerifyResult(envelope.Name, null, null, null, snp.Accepted) { Snp = snp }, rules, arguments.GetValue(why));
        }
        var (verified, fault) = await VerifyAsync(arguments, envelope, cancellation).ConfigureAwait(false);
        var appraisal = verified is null ? null : policy.Appraise(verified.Quote);
        if (verified is not null && signer is not null)
        {
            earOptions.Write(arguments, verified.KeySha256, context => AttestationToken.Sign(
                verified.Quote, policy, signer, TimeProvider.System.GetUtcNow(), context));
        }
        var quote = QuoteVerifyResult.Of(new Outcome<VerifiedQuote>(verified?.Quote, fault), policy, appraisal);
        var log = verified is not null && arguments.GetValue(eventLog) is { } path ? EventLogResult.Of(path, verified.Quote) : null;
        return Show(
            terminal,
            new VerifyResult(envelope.Name, verified?.KeySha256, quote, null, appraisal?.IsAccepted == true && log?.Matches != false)
            {
                EventLog = log,
            },
            appraisal, arguments.GetValue(why));
    }

    private void RefuseTokensOptions(ParseResult arguments, string place, Envelope envelope)
    {
        Option<string?>[] idle = envelope.Kind == EnvelopeKind.MarbleRunQuote ? [keys, issuer] : [keys, issuer, nonce];
        if (idle.FirstOrDefault(option => arguments.GetValue(option) is not null) is { } option)
        {
            throw CliReasons.Usage.Refuse($"{option.Name} is for a token, and {place} is a {envelope.Name}", $"omit {option.Name}");
        }
    }

    private async Task<Outcome<VerifiedEnvelope>> VerifyAsync(ParseResult arguments, Envelope envelope, CancellationToken cancellation)
    {
        var quote = envelope.FindQuotes().FirstOrDefault();
        var (collateral, refusal) = appraisalOptions.FindCollateral(arguments, quote);
        if (refusal is not null)
        {
            return refusal;
        }
        var options = appraisalOptions.ReadVerifierOptions(arguments);
        var now = appraisalOptions.FindInstant(arguments);
        var outcome = Verify(collateral);
        // Only a quote whose signatures hold is worth a call.
        return outcome.Refusal?.Reason == QuoteReasons.NoCollateral
            && !arguments.GetValue(offline) && appraisalOptions.FindPlatform(arguments, quote) is { } platform
                ? Verify(await FetchAsync(arguments, platform, cancellation).ConfigureAwait(false))
                : outcome;

        Outcome<VerifiedEnvelope> Verify(QuoteCollateral? found) =>
            new EnvelopeVerifier(new EvidenceVerifier(options, new GivenCollateral(found))).Verify(envelope, now);
    }

    private async Task<QuoteCollateral> FetchAsync(ParseResult arguments, PlatformId platform, CancellationToken cancellation)
    {
        Refusal? first = null;
        using var connected = services.Connect(arguments);
        foreach (var service in connected.Services)
        {
            var (collateral, refusal) = await CollateralDownload
                .FetchAsync(service, platform, appraisalOptions.FindEdition(arguments), cancellation).ConfigureAwait(false);
            if (collateral is not null)
            {
                return collateral;
            }
            first ??= refusal;
        }
        throw new RefusedException(first!);
    }

    private int VerifyToken(ParseResult arguments, Envelope envelope, AttestationPolicy policy, Terminal terminal)
    {
        appraisalOptions.RefuseEvidenceOptions(arguments, envelope.Name, [.. services.All, .. earOptions.All]);
        var path = arguments.GetValue(keys) ?? throw CliReasons.NoKey.Refuse(
            "a token needs its issuer's keys: --keys FILE; neither a key nor an address inside the token is used");
        var (known, refusal) = TokenKeys.Read(InputFile.ReadBytes(path, EnvelopeReader.MaxSize));
        var (token, fault) = known is null
            ? new Outcome<VerifiedToken>(null, refusal)
            : TokenVerifier.Verify(
                Encoding.ASCII.GetString(envelope.Content.Span), known, appraisalOptions.FindInstant(arguments));
        if (token is null)
        {
            return Show(
                terminal, new VerifyResult(envelope.Name, null, QuoteVerifyResult.Of(fault!, policy, null), null, false), null, false);
        }
        if (token.Kind != TokenKind.Ear && appraisalOptions.NamesPolicy(arguments))
        {
            throw CliReasons.Usage.Refuse(
                "--policy is for evidence and for EAR tokens, which name the policy of their issuer; this token names none of Guardian's",
                "compare the token's claims with those that you expect: --json");
        }
        IReadOnlyList<string> problems =
        [
            .. TokenAppraisal.FindProblems(token, policy, arguments.GetValue(issuer)),
            .. token.FindProblems(arguments.GetValue(nonce), appraisalOptions.NamesPolicy(arguments) ? policy.Id : null),
        ];
        return Show(
            terminal, new VerifyResult(envelope.Name, null, null, TokenResult.Of(token, problems), problems.Count == 0), null, false);
    }

    private static int Show(Terminal terminal, VerifyResult result, Appraisal? appraisal, bool explains)
    {
        terminal.Show(result, EvidenceJson.Default.VerifyResult, people => result.Write(people, appraisal, explains));
        return result.Accepted ? ExitCode.Done : ExitCode.Refused;
    }

    private sealed class GivenCollateral(QuoteCollateral? collateral) : ICollateralSource
    {
        public QuoteCollateral? Find(PlatformId platform) => collateral;
    }
}
