using Guardian.Cas.Callers;
using Guardian.Cas.Client.Sessions;
using Guardian.Refusals;

namespace Guardian.Cas.Secrets;

/// <summary>Reads sessions and makes their secrets within a budget, and stops when the caller has gone. Thread-safe.</summary>
internal sealed class SecretWorkshop(KeyForge forge, KeyBudget budget, TimeProvider time)
{
    private readonly KeyForge reading = new(threads: 1, yields: false);

    /// <summary>Counts the keys that were drawn, and those that wait for their turn.</summary>
    public (long Drawn, int Waiting) Measure() => forge.Measure();

    /// <summary>Whether the secrets of a session cost nothing but random bytes.</summary>
    /// <param name="previous">As for <see cref="SecretMaker.Make"/>.</param>
    public bool IsFree(SessionDocument document, PreviousSecrets? previous) =>
        SecretMaker.Plan(document, previous, time.GetUtcNow()).Units == 0;

    /// <summary>Reads the text of a session: a small one at once, a large one in the caller's turn and for its budget.</summary>
    /// <param name="caller">The hash of the caller's key.</param>
    /// <exception cref="OperationCanceledException">The caller has gone.</exception>
    public async Task<Outcome<SessionDocument>> ReadAsync(ReadOnlyMemory<byte> yaml, string caller, CallSource source)
    {
        var units = KeyWork.UnitsOfText(yaml.Length);
        return units == 0 ? SessionDocument.Read(yaml.Span)
            : budget.TryCharge(caller, source.Address, units) is { } refusal ? refusal
            : await reading.RunAsync(() => SessionDocument.Read(yaml.Span), caller, source).ConfigureAwait(false);
    }

    /// <summary>Makes the values of a document's secrets.</summary>
    /// <param name="previous">The previous document with its values; null for a new session.</param>
    /// <param name="payer">The hash of the key that created the session, which pays for the work.</param>
    /// <param name="source">The call, whose address pays as well.</param>
    /// <exception cref="OperationCanceledException">The caller has gone. The work that was not done costs nothing.</exception>
    public async Task<Outcome<IReadOnlyDictionary<string, StoredSecret>>> MakeAsync(
        SessionDocument document, PreviousSecrets? previous, string payer, CallSource source)
    {
        var now = time.GetUtcNow();
        var plan = SecretMaker.Plan(document, previous, now);
        if (budget.TryCharge(payer, source.Address, plan.Units) is { } refusal)
        {
            return refusal;
        }
        var left = plan.Units;
        try
        {
            var drawn = new Dictionary<string, byte[]>();
            foreach (var (name, type) in plan.Keys)
            {
                drawn[name] = await forge.DrawAsync(type, payer, source).ConfigureAwait(false);
                left -= KeyWork.UnitsOf(type);
            }
            IReadOnlyDictionary<string, StoredSecret> Make() => SecretMaker.Make(document, previous, drawn, now, time.GetUtcNow());
            return plan.HasSlowSignatures
                ? new(await forge.RunAsync(Make, payer, source).ConfigureAwait(false), null)
                : new(Make(), null);
        }
        catch (OperationCanceledException)
        {
            budget.Refund(payer, source.Address, left);
            throw;
        }
    }
}
