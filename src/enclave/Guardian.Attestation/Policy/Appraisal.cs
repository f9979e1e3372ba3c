using Guardian.Attestation.Quotes;
using Guardian.Refusals;

namespace Guardian.Attestation.Policy;

/// <summary>One rule of an appraisal.</summary>
/// <param name="Rule">The rule: <c>platform</c>, <c>debug</c>, <c>identity</c>, <c>attributes</c> (trust domains alone), <c>tcb</c> or
/// <c>evaluation</c>.</param>
/// <param name="Passed">Whether the quote passes.</param>
/// <param name="Found">The value in the quote.</param>
/// <param name="Accepted">The values that pass.</param>
/// <param name="Advice">The step that fixes it, when it does not pass.</param>
public sealed record AppraisalCheck(string Rule, bool Passed, string Found, string Accepted, string Advice)
{
    /// <summary>Describes the check to people.</summary>
    /// <returns>One line.</returns>
    public override string ToString() => $"{Rule}: found {Found}; accepted {Accepted}";
}

/// <summary>The result of an appraisal, rule by rule. Immutable.</summary>
/// <param name="Checks">The checks, in the order of the rules.</param>
public sealed record Appraisal(IReadOnlyList<AppraisalCheck> Checks)
{
    /// <summary>Whether every rule passes.</summary>
    public bool IsAccepted => Checks.All(check => check.Passed);

    /// <summary>The refusal, with one problem for each rule that does not pass; null when the quote is accepted.</summary>
    public Refusal? Refusal
    {
        get
        {
            var failed = Checks.Where(check => !check.Passed).ToList();
            if (failed.Count == 0)
            {
                return null;
            }
            var rules = string.Join(", ", failed.Select(check => check.Rule));
            var refusal = QuoteReasons.NotAccepted.At(QuoteStage.Policy, $"the policy does not accept the enclave ({rules})");
            return refusal with
            {
                Problems = [.. failed.Select(check => check.ToString())],
                Remedy = failed.Any(check => check is { Rule: "platform", Found: "simulated" })
                    ? "a simulated platform protects nothing; accept it with --platform simulated only to try things out"
                    : refusal.Remedy,
            };
        }
    }
}
