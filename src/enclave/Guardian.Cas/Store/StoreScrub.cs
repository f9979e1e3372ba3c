using System.Diagnostics;
using System.Security.Cryptography;
using Guardian.Cas.Client.Audit;

namespace Guardian.Cas.Store;

/// <summary>A fault of the store.</summary>
/// <param name="Detail">What is wrong, for the operator, who sees the names of rows on the disk.</param>
/// <param name="Public">The same for every caller, without the names of sessions.</param>
internal sealed record StoreFault(string Detail, string Public)
{
    /// <summary>A fault that names no session; null when there is none.</summary>
    public static StoreFault? Of(string? detail) => detail is null ? null : new StoreFault(detail, detail);

    /// <summary>A fault of a row.</summary>
    public static StoreFault OfRow((string Kind, string Name) row, string fault) =>
        new($"{StoreReader.Describe(row)} {fault}", $"a row of the kind '{row.Kind}' {fault}");
}

/// <summary>
/// Compares the database with what the CAS wrote while the CAS runs: a part in each step, and all of it again and again.
/// Not thread-safe; the vault calls it within its transactions.
/// </summary>
/// <remarks>
/// A pass reads the rows in order, and then the log. The exclusive or of the digests of all rows that it met must in the end be that of the
/// head, or a row is missing. Rows behind the pass may change meanwhile, here or on another replica, and the pass follows.
/// </remarks>
internal sealed class StoreScrub(StoreKey key)
{
    // Rows may have a megabyte. Lines are short.
    private const int RowsOfPage = 8;
    private const int LinesOfPage = 128;

    // Callers wait for so long, plus the time of one page.
    private static readonly TimeSpan StepLimit = TimeSpan.FromMilliseconds(5);

    private int kind;
    private string after = "";
    private byte[] met = new byte[StoreKey.DigestSize];
    private LogWalk? walk;
    private (long Sequence, string Hash) end;

    /// <summary>The fault of the store; null when none is known. A later pass without a fault clears it.</summary>
    public StoreFault? Damage { get; private set; }

    /// <summary>The passes that ended without a fault.</summary>
    public long Passes { get; private set; }

    private static IReadOnlyList<string> Kinds => VaultTransaction.Kinds;

    /// <summary>Checks a part of the store. The vault has followed the head in the same transaction.</summary>
    /// <returns>Whether this step ended a pass, with or without a fault.</returns>
    public bool Step(
        IRowTransaction transaction, StoreHead head, AuditState log, IReadOnlyDictionary<(string Kind, string Name), byte[]> digests)
    {
        StoreFault? fault;
        var isDone = false;
        try
        {
            fault = CheckPart(transaction, head, log, digests, out isDone);
        }
        catch (InvalidDataException)
        {
            fault = StoreFault.Of(StoreLayout.OtherTypes);
        }
        if (fault is null && !isDone)
        {
            return false;
        }
        Damage = fault;
        Passes += fault is null ? 1 : 0;
        (kind, after, met, walk) = (0, "", new byte[StoreKey.DigestSize], null);
        return true;
    }

    private StoreFault? CheckPart(
        IRowTransaction transaction, StoreHead head, AuditState log, IReadOnlyDictionary<(string Kind, string Name), byte[]> digests,
        out bool isDone)
    {
        var start = Stopwatch.GetTimestamp();
        var fault = kind == 0 && after.Length == 0
            ? StoreFault.Of(StoreLayout.FindFault(transaction, log))
            : StoreFault.Of(StoreLayout.FindFaultAtEnd(transaction, log));
        isDone = false;
        while (fault is null && !isDone)
        {
            fault = kind < Kinds.Count ? CheckRows(transaction, digests)
                : walk is null ? CheckMet(transaction, head, digests)
                : CheckLines(transaction, out isDone);
            if (Stopwatch.GetElapsedTime(start) > StepLimit)
            {
                break;
            }
        }
        return fault;
    }

    /// <summary>Follows a change of a row.</summary>
    public void Follow((string Kind, string Name) row, byte[]? former, byte[]? next)
    {
        var place = 0;
        while (Kinds[place] != row.Kind)
        {
            place++;
        }
        if (place < kind || (place == kind && string.CompareOrdinal(row.Name, after) <= 0))
        {
            StoreReader.Mix(met, former);
            StoreReader.Mix(met, next);
        }
    }

    private StoreFault? CheckRows(IRowTransaction transaction, IReadOnlyDictionary<(string Kind, string Name), byte[]> digests)
    {
        var page = transaction.List(Kinds[kind], after, RowsOfPage);
        foreach (var (name, value) in page)
        {
            var row = (Kinds[kind], name);
            if (!digests.TryGetValue(row, out var digest))
            {
                return StoreFault.OfRow(row, "was added");
            }
            if (!CryptographicOperations.FixedTimeEquals(key.Digest(row.Item1, name, value), digest))
            {
                return StoreFault.OfRow(row, "was altered or rolled back");
            }
            StoreReader.Mix(met, digest);
            after = name;
        }
        if (page.Count < RowsOfPage)
        {
            (kind, after) = (kind + 1, "");
        }
        return null;
    }

    private StoreFault? CheckMet(
        IRowTransaction transaction, StoreHead head, IReadOnlyDictionary<(string Kind, string Name), byte[]> digests)
    {
        if (CryptographicOperations.FixedTimeEquals(met, head.State))
        {
            (walk, end) = (new LogWalk(), (head.Sequence, head.Hash));
            return null;
        }
        foreach (var row in digests.Keys)
        {
            if (transaction.Find(row.Kind, row.Name) is null)
            {
                return StoreFault.OfRow(row, "was removed");
            }
        }
        return StoreFault.Of("its head does not belong to its rows");
    }

    private StoreFault? CheckLines(IRowTransaction transaction, out bool isDone)
    {
        isDone = false;
        // The log grows meanwhile. The pass ends where the log ended when the pass came to it.
        var count = (int)Math.Min(LinesOfPage, end.Sequence - walk!.Sequence);
        var page = transaction.List(LogWriter.Kind, walk.Sequence == 0 ? "" : AuditLine.NameOf(walk.Sequence), count);
        foreach (var (name, line) in page)
        {
            if (walk.Append(name, line) is { } fault)
            {
                return StoreFault.Of(fault);
            }
        }
        isDone = walk.Sequence == end.Sequence || page.Count == 0;
        return isDone ? StoreFault.Of(walk.FindFaultAtEnd(end.Sequence, end.Hash)) : null;
    }
}
