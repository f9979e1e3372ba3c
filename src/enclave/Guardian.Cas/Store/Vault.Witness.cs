using System.Diagnostics;
using Guardian.Cas.Client.Audit;
using Guardian.Cas.Client.Protocol;
using Guardian.Refusals;

namespace Guardian.Cas.Store;

/// <summary>A store with a witness answers nobody before the witness confirms that its log is the only one, and the newest.</summary>
internal sealed partial class Vault
{
    private (WitnessDescription Place, IWitness Witness, byte[]? Known)? watched;

    /// <summary>Checks that a CAS can be the witness of this one: it answers, and has no mark of another log.</summary>
    internal Refusal? CheckWitness(IRowTransaction transaction, WitnessDescription place)
    {
        try
        {
            using var witness = connect(place);
            return witness.ReadMark() is { } known && !IsInLog(transaction, known)
                ? CasReasons.Conflict.Because(
                    $"session '{place.Session}' at {place.Address} is the witness of another log, or of later entries of this one")
                : null;
        }
        catch (StoreException failure)
        {
            return CasReasons.Invalid.Because(failure.Message);
        }
    }

    /// <summary>Moves the mark of the witness to the end of the log, or checks that it is there.</summary>
    private void ConfirmByWitness()
    {
        if (log.Present?.Witness is not { } place)
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
            var end = WitnessMark.Of(head!.Sequence, head.Hash).ToBytes();
            var (isMoved, current) = end.AsSpan().SequenceEqual(known)
                ? new TagOutcome(false, witness.ReadMark())
                : witness.MoveMark(known, end);
            if (isMoved || end.AsSpan().SequenceEqual(current))
            {
                watched = (place, witness, end);
                Volatile.Write(ref confirmedAt, Stopwatch.GetTimestamp());
                return;
            }
            // This CAS has just started, another replica moved the mark, or the store was rolled back.
            using var transaction = store.Begin();
            Follow(transaction);
            if (current is null || !IsInLog(transaction, current))
            {
                throw new InvalidDataException(
                    $"the witness at {place.Address} knows another end of this CAS's log: the store was rolled back, or a copy of it runs "
                    + "elsewhere; restore the newest copy of the database, or have the owners name another witness");
            }
            known = current;
        }
    }

    // Whether the lines from the mark to the end form a chain that ends at the store's head.
    private bool IsInLog(IRowTransaction transaction, byte[] bytes)
    {
        if (!WitnessMark.TryRead(bytes, out var mark) || mark.Sequence > head!.Sequence)
        {
            return false;
        }
        var (hash, sequence) = ("", mark.Sequence);
        foreach (var (_, line) in StoreReader.ReadRows(transaction, LogWriter.Kind, AuditLine.NameOf(mark.Sequence - 1)))
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
