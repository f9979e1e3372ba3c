using Guardian.Cas.Audit;
using Guardian.Cas.Client;

namespace Guardian.Cas.Store;

/// <summary>A store with a witness tells nobody anything before the witness has confirmed that its log is the only one, and the newest.</summary>
internal sealed partial class Vault
{
    private (WitnessDescription Place, IWitness Witness, byte[]? Known)? watched;

    /// <summary>Makes sure that a CAS can be the witness of this one: it answers, and has no other log's mark.</summary>
    /// <exception cref="CasException">It cannot.</exception>
    internal void TryWitness(IRowTransaction transaction, WitnessDescription place)
    {
        try
        {
            using var witness = connect(place);
            if (witness.Read() is { } known && !IsInLog(transaction, known))
            {
                throw new CasException(CasFailure.Conflict, $"session '{place.Session}' at {place.Address} is the witness of another log, or knows more of this one than there is", []);
            }
        }
        catch (StoreException failure)
        {
            throw new CasException(CasFailure.Invalid, failure.Message, [], failure);
        }
    }

    /// <summary>Has the witness note where the log ends, or confirm that nothing was noted beyond it.</summary>
    private void Confirm()
    {
        if (head!.Witness is not { } place)
        {
            return;
        }
        if (watched?.Place != place)
        {
            watched?.Witness.Dispose();
            watched = (place, connect(place), null);
        }
        var (_, witness, known) = watched.Value;
        while (true)
        {
            var end = WitnessMark.Of(head.Sequence, head.Hash).ToBytes();
            var (isMoved, current) = end.AsSpan().SequenceEqual(known) ? new TagOutcome(false, witness.Read()) : witness.Move(known, end);
            if (isMoved || end.AsSpan().SequenceEqual(current))
            {
                watched = (place, witness, end);
                return;
            }
            // This CAS has just started, another replica was here, or the store went back.
            using var transaction = store.Begin();
            Follow(transaction);
            if (current is null || !IsInLog(transaction, current))
            {
                throw new InvalidDataException(
                    $"the witness at {place.Address} knows another end of this CAS's log: the store was put back to an earlier state, or a copy of it runs elsewhere; restore the newest copy of the database, or have the owners name another witness");
            }
            known = current;
        }
    }

    // The lines from the mark to the end are a chain, and the end is the store's own.
    private bool IsInLog(IRowTransaction transaction, byte[] bytes)
    {
        if (!WitnessMark.TryRead(bytes, out var mark) || mark.Sequence > head!.Sequence)
        {
            return false;
        }
        var (hash, sequence) = ("", mark.Sequence);
        foreach (var (_, line) in Rows(transaction, LogKind, AuditLine.NameOf(mark.Sequence - 1)))
        {
            var previous = hash;
            hash = AuditLine.Hash(line);
            if (sequence == mark.Sequence ? WitnessMark.Of(sequence, hash) != mark : AuditLine.TryRead(line)?.Payload.Previous != previous)
            {
                return false;
            }
            if (sequence++ == head.Sequence)
            {
                return hash == head.Hash;
            }
        }
        return false;
    }
}
