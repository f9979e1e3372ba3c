using Guardian.Attestation.Collateral;
using Guardian.Attestation.Quotes;
using Guardian.Attestation.Verification;
using Guardian.Refusals;

namespace Guardian.Cli.Commands.Quotes;

/// <summary>A host now and after the next TCB recovery.</summary>
/// <param name="Host">The host: the file's name.</param>
/// <param name="Tee"><c>sgx</c> or <c>tdx</c>; null when the file is neither quote nor chain.</param>
/// <param name="Fmspc">The platform family, 12 hex digits.</param>
/// <param name="Now">The TCB status by the standard values, or the reason of a refusal.</param>
/// <param name="Next">The TCB status by the early values, or the reason of a refusal.</param>
/// <param name="NowEvaluation">tcbEvaluationDataNumber of the standard values.</param>
/// <param name="NextEvaluation">tcbEvaluationDataNumber of the early values.</param>
/// <param name="BecomesWorse">Whether the host is accepted now under its status, and gets a worse one.</param>
/// <param name="Shortfall">The components that are behind then.</param>
/// <param name="Remedies">The steps that bring them forward.</param>
/// <param name="Problem">Why nothing can be said; null when something is.</param>
internal sealed record HostForecast(
    string Host, string? Tee, string? Fmspc, string? Now, string? Next, int? NowEvaluation, int? NextEvaluation, bool BecomesWorse,
    IReadOnlyList<string> Shortfall, IReadOnlyList<string> Remedies, string? Problem);

/// <summary>Appraises hosts by the values that Intel applies now, and by those that it will apply at the next TCB recovery.</summary>
/// <param name="standard">The values of now.</param>
/// <param name="early">The values of then.</param>
/// <param name="options">The roots of trust.</param>
/// <param name="now">The instant at which collateral must be valid.</param>
internal sealed class TcbForecast(CollateralStore standard, CollateralStore early, VerifierOptions options, DateTimeOffset now)
{
    /// <summary>Reads a host's file.</summary>
    /// <param name="path">The file, whose name is the host's.</param>
    /// <param name="content">Its content: a quote, or a PCK chain in PEM.</param>
    public HostForecast Read(string path, byte[] content)
    {
        var host = Path.GetFileNameWithoutExtension(path);
        var quote = Quote.TryParse(content).Value;
        if ((quote is null ? CertifiedPlatform.FindPlatform(content) : PlatformId.Of(quote)) is not { } platform)
        {
            return Unknown(host, null, "it is neither a quote with a PCK certificate nor a PCK certificate chain");
        }
        foreach (var (store, option) in new[] { (standard, ""), (early, " --early") })
        {
            if (store.Find(platform) is null)
            {
                return Unknown(
                    host, platform,
                    $"no {store.Edition} collateral is stored: guardian quote collateral fetch --platform {platform.ToText()}{option}");
            }
        }
        var (today, tomorrow) = (Appraise(content, quote, standard.Find(platform)!), Appraise(content, quote, early.Find(platform)!));
        return (today.Problem ?? tomorrow.Problem) is { } problem
            ? Unknown(host, platform, problem)
            : new HostForecast(
                host, QuoteIdentity.Name(platform.Tee), platform.Fmspc, today.Name, tomorrow.Name, today.Evaluation, tomorrow.Evaluation,
                Severity(tomorrow.Status) > Severity(today.Status), tomorrow.Shortfall, tomorrow.Remedies, null);
    }

    private static HostForecast Unknown(string host, PlatformId? platform, string problem) => new(
        host, platform is null ? null : QuoteIdentity.Name(platform.Tee), platform?.Fmspc, null, null, null, null, false, [], [], problem);

    private Verdict Appraise(byte[] content, Quote? quote, QuoteCollateral collateral)
    {
        if (quote is null)
        {
            var (certified, refused) = CertifiedPlatform.Verify(content, collateral, now, options);
            return certified is null ? Verdict.Of(refused!) : new Verdict(
                certified.Level.Status, certified.EvaluationDataNumber, certified.Shortfall, certified.Remedies, null);
        }
        var (verified, refusal) = QuoteVerifier.Verify(content, collateral, now, options);
        return verified?.Tcb is { } tcb
            ? new Verdict(tcb.Status, tcb.EvaluationDataNumber, tcb.Shortfall, tcb.Remedies, null)
            : Verdict.Of(refusal!);
    }

    // Worse is what a policy accepts less readily; null stands for a platform below every level, or revoked.
    private static int Severity(TcbStatus? status) => status switch
    {
        TcbStatus.UpToDate => 0,
        TcbStatus.SWHardeningNeeded => 1,
        TcbStatus.ConfigurationNeeded => 2,
        TcbStatus.ConfigurationAndSWHardeningNeeded => 3,
        TcbStatus.TDRelaunchAdvised => 4,
        TcbStatus.TDRelaunchAdvisedConfigurationNeeded => 5,
        TcbStatus.OutOfDate => 6,
        TcbStatus.OutOfDateConfigurationNeeded => 7,
        _ => 8,
    };

    private sealed record Verdict(
        TcbStatus? Status, int? Evaluation, IReadOnlyList<string> Shortfall, IReadOnlyList<string> Remedies, string? Problem,
        string? Fate = null)
    {
        public string Name => Status?.ToString() ?? Fate!;

        // Below every level, or revoked: a fate of the platform. Everything else is a fault of the files.
        public static Verdict Of(Refusal refusal) =>
            refusal.Location?.Part is nameof(QuoteStage.Tcb) or nameof(QuoteStage.Revocation)
                ? new Verdict(null, null, [refusal.Detail], refusal.Remedy is { } remedy ? [remedy] : [], null, refusal.Code)
                : new Verdict(null, null, [], [], refusal.Detail);
    }
}
