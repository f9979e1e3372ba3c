using Guardian.Cas.Client.Audit;

namespace Guardian.Cas.Store;

/// <summary>The rows of a store besides those that the head's digest stands for: only these, and only as the log says.</summary>
internal static class StoreLayout
{
    /// <summary>The fault of a table that its host made anew: the CAS's own has one type for each column, and no null.</summary>
    public const string OtherTypes = "a row has null or a value of another type, which no CAS writes";

    /// <summary>Refuses such a table.</summary>
    public static InvalidDataException RefuseOtherTypes(Exception failure) =>
        new($"the CAS's database was changed outside the CAS: {OtherTypes}; restore the database from a copy", failure);

    /// <summary>Finds a row that the log does not account for, or the owners' shares when they are not those that it names.</summary>
    /// <returns>Null, or the end of a sentence that says what is wrong.</returns>
    public static string? FindFault(IRowTransaction transaction, AuditState log) =>
        FindStranger(transaction) ?? FindFaultAtEnd(transaction, log);

    /// <summary>The same for the owners' shares and the end of the log alone, which costs the same however large the store is.</summary>
    /// <returns>Null, or the end of a sentence that says what is wrong.</returns>
    public static string? FindFaultAtEnd(IRowTransaction transaction, AuditState log)
    {
        var shares = transaction.Find(Shares.Kind, "");
        if (log.Present is not { } owners)
        {
            return shares is null ? FindLater(transaction, log.Sequence) : "there are shares of the key, but the CAS has no owners";
        }
        if (shares is null)
        {
            return "the owners' shares of the key (the row of the kind 'recovery') were removed";
        }
        return Shares.AreOf(shares, owners)
            ? FindLater(transaction, log.Sequence)
            : "the owners' shares of the key (the row of the kind 'recovery') are not those that the CAS dealt";
    }

    private static string? FindLater(IRowTransaction transaction, long end) =>
        transaction.List(LogWriter.Kind, AuditLine.NameOf(end), 1) is [var (name, _), ..]
            ? $"the log ends with entry {end}, but a row '{name}' follows it"
            : null;

    private static string? FindStranger(IRowTransaction transaction)
    {
        for (var kind = transaction.FindNextKind(""); kind is not null; kind = transaction.FindNextKind(kind))
        {
            var isOne = kind is StoreReader.HeadKind or Shares.Kind;
            if (!isOne && kind != LogWriter.Kind && !VaultTransaction.Kinds.Contains(kind))
            {
                return $"there are rows of the kind '{kind}', which no CAS writes";
            }
            // A kind has either one row without a name, or rows with names.
            var added = !isOne ? transaction.Find(kind, "") is null ? null : ""
                : transaction.List(kind, "", 1) is [var (name, _), ..] ? name : null;
            if (added is not null)
            {
                return $"a row '{added}' of the kind '{kind}' was added";
            }
        }
        return null;
    }
}
