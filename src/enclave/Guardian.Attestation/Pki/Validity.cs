using Guardian.Attestation.Quotes;
using Guardian.Refusals;

namespace Guardian.Attestation.Pki;

/// <summary>A validity period, both ends included.</summary>
/// <param name="Name">The item: <c>pck</c>, <c>tcbinfo</c>, <c>pckcrl</c> and so on.</param>
/// <param name="From">The first valid instant.</param>
/// <param name="To">The last valid instant.</param>
internal readonly record struct Validity(string Name, DateTimeOffset From, DateTimeOffset To)
{
    public static Validity Of(string name, Certificate certificate) => new(name, certificate.NotBefore, certificate.NotAfter);

    /// <summary>Refuses the first item that is not valid at an instant.</summary>
    public static Refusal? Check(IEnumerable<Validity> validities, DateTimeOffset now, QuoteStage stage)
    {
        foreach (var (name, from, to) in validities)
        {
            if (now < from || now > to)
            {
                return (now < from ? QuoteReasons.NotYetValid : QuoteReasons.Expired).At(
                    stage, $"'{name}' is valid from {from:u} to {to:u}, not at {now:u}");
            }
        }
        return null;
    }
}
