using Guardian.Cas.Client.Protocol;
using Guardian.Cas.Sessions;
using Guardian.Cas.Store;
using Guardian.Refusals;

namespace Guardian.Cas.Admissions;

/// <summary>Issues tokens for single starts to the people whom sessions name. Thread-safe.</summary>
internal sealed class StartTokens(Vault vault, TimeProvider time)
{
    /// <summary>Issues a token.</summary>
    /// <param name="callerKey">The caller's SubjectPublicKeyInfo.</param>
    public Task<Outcome<StartToken>> IssueAsync(StartTokenRequest request, ReadOnlyMemory<byte> callerKey)
    {
        var caller = KeyHash.Of(callerKey.Span);
        return vault.TryRunAsync<StartToken>(transaction =>
        {
            var state = transaction.FindSession(request.Session);
            if (state?.FindService(request.Service) is not { StartTokenIssuers: { } issuers } || !state.Allows(issuers, [caller]))
            {
                return CasReasons.NotFound.Because(
                    $"there is no service '{request.Session}/{request.Service}' whose 'start_tokens' name your key");
            }
            if (PinCheck.Compare(transaction.Log, state.Document.Cas) is { } other)
            {
                return other;
            }
            var issued = StartTable.IssueToken(transaction, request.Session, request.Service, time.GetUtcNow());
            if (issued.Refusal is null)
            {
                transaction.Audit("start-token-issued", $"{request.Session}/{request.Service}", caller);
            }
            return issued;
        });
    }
}
