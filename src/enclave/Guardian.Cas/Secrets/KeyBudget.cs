using System.Net;
using Guardian.Cas.Client.Protocol;
using Guardian.Hosting;
using Guardian.Refusals;

namespace Guardian.Cas.Secrets;

/// <summary>
/// Charges work with keys to callers: to a person's key, and to an address, because keys cost nothing to make. Thread-safe.
/// </summary>
/// <remarks>Each has an amount that it may spend at once, and gets it back slowly. The clock is monotonic.</remarks>
internal sealed class KeyBudget(TimeProvider time)
{
    /// <summary>The units that one key may spend at once: the costliest session fits, with room for smaller ones.</summary>
    public const int Burst = 16_000;

    /// <summary>The units that one key gets back in a minute.</summary>
    public const int PerMinute = 1_200;

    /// <summary>One address has as much as so many keys.</summary>
    public const int KeysOfAddress = 4;

    // Forgotten ones have everything back, so they lose nothing.
    private const int MaxRemembered = 10_000;

    private readonly Lock gate = new();
    private readonly Dictionary<string, Account> accounts = [];
    private int forgetsAt = MaxRemembered;

    /// <summary>Charges units, all or none.</summary>
    /// <param name="key">The hash of the person's key that pays.</param>
    /// <param name="address">The address of the call, which pays as well; null for none.</param>
    /// <returns>The refusal when it is too much now; null when the units are charged.</returns>
    public Refusal? TryCharge(string key, IPAddress? address, int units)
    {
        if (units == 0)
        {
            return null;
        }
        lock (gate)
        {
            Forget();
            var payers = PayersOf(key, address).Select(payer => (payer.Name, payer.Share, Spent: SpentBy(payer.Name, payer.Share)))
                .ToList();
            var wait = payers.Max(payer => (payer.Spent + units - (payer.Share * Burst)) / (payer.Share * PerMinute));
            if (wait > 0)
            {
                return CasReasons.OverBudget.Because(
                    "the CAS has done as much work with keys and large texts for this caller, or for its address, as one may have now; "
                    + $"try again in {Math.Ceiling(wait * 60):0} seconds, or use P-256 keys, which cost a small part of RSA keys");
            }
            payers.ForEach(payer => accounts[payer.Name] = new Account(payer.Spent + units, time.GetTimestamp()));
            return null;
        }
    }

    /// <summary>Gives back units of work that was not done.</summary>
    public void Refund(string key, IPAddress? address, int units)
    {
        lock (gate)
        {
            foreach (var (name, share) in PayersOf(key, address))
            {
                accounts[name] = new Account(Math.Max(0, SpentBy(name, share) - units), time.GetTimestamp());
            }
        }
    }

    private static IEnumerable<(string Name, int Share)> PayersOf(string key, IPAddress? address)
    {
        yield return (key, 1);
        if (address is not null)
        {
            yield return (PeerAddress.Of(address).ToString(), KeysOfAddress);
        }
    }

    private double SpentBy(string name, int share) => accounts.TryGetValue(name, out var account)
        ? Math.Max(0, account.Spent - (time.GetElapsedTime(account.At).TotalMinutes * share * PerMinute))
        : 0;

    private void Forget()
    {
        if (accounts.Count < forgetsAt)
        {
            return;
        }
        // The smaller share forgets later than necessary, never too early.
        foreach (var name in accounts.Keys.Where(name => SpentBy(name, 1) == 0).ToList())
        {
            accounts.Remove(name);
        }
        // Each pass is paid by as many calls as accounts are left.
        forgetsAt = Math.Max(MaxRemembered, 2 * accounts.Count);
    }

    private readonly record struct Account(double Spent, long At);
}
