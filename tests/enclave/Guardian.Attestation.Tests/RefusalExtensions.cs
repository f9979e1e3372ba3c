using Guardian.Attestation.Quotes;
using Guardian.Refusals;

namespace Guardian.Attestation.Tests;

internal static class RefusalExtensions
{
    extension(Refusal refusal)
    {
        /// <summary>The stage that the refusal names.</summary>
        public QuoteStage Stage => Enum.Parse<QuoteStage>(refusal.Location!.Part!);
    }
}
