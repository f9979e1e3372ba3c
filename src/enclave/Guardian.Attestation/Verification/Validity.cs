using Guardian.Attestation.Pki;
using Guardian.Attestation.Quotes;

namespace Guardian.Attestation.Verification;

/// <summary>From when to when something counts, both ends included.</summary>
/// <param name="Name">What: <c>pck</c>, <c>tcbinfo</c>, <c>pckcrl</c> and so on.</param>
internal readonly record struct Validity(string Name, DateTimeOffset From, DateTimeOffset To)
{
    public static Validity Of(string name, Certificate certificate) => new(name, certificate.NotBefore, certificate.NotAfter);

    /// <summary>The first that does not count at an instant, as a failure; or null.</summary>
    public static QuoteFailure? Check(IEnumerable<Validity> validities, DateTimeOffset now, QuoteStage stage)
    {
        foreach (var (name, from, to) in validities)
        {
            if (now < from || now > to)
            {
                return new QuoteFailure(
                    stage, now < from ? "not-yet-valid" : "expired", $"'{name}' is valid from {from:u} to {to:u}, not at {now:u}");
            }
        }
        return null;
    }
}
