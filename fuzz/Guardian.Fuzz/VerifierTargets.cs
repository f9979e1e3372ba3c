using System.Text;
using Guardian.Verifier.Appraising;
using Guardian.Verifier.Freshness;

namespace Guardian.Fuzz;

/// <summary>Inputs of the verifying service: requests and nonces.</summary>
internal static class VerifierTargets
{
    private static readonly NonceBook Nonces = new(new StandingClock());

    public static IReadOnlyList<Target> All { get; } =
    [
        new("verifier-request",
            () => ["""{"evidence":"AwACAAAAAAAJAA8A","nonce":"AAAB","endorsements":{"leaf":"MIIB","chain":"-----BEGIN"}}"""u8.ToArray()],
            input => AppraisalRequest.Read(input).Value is not null),
        new("verifier-nonce",
            () => [Encoding.ASCII.GetBytes(Nonces.Make().Text)],
            input => Nonces.Read(Encoding.Latin1.GetString(input)).Value is not null),
    ];

    // Nonces end after minutes, and a run may take hours.
    private sealed class StandingClock : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => new(2026, 6, 1, 0, 0, 0, TimeSpan.Zero);
    }
}
