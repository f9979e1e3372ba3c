using Guardian.Cas.Client.Audit;
using Guardian.Cas.Client.Protocol;
using Guardian.Refusals;

namespace Guardian.Cas.Store;

/// <summary>The changes of a batch of callers so far. A row is null when it was removed.</summary>
internal sealed class VaultChanges
{
    public Dictionary<(string Kind, string Name), (byte[] Plaintext, object Value)?> Rows { get; } = [];

    public List<(string Kind, byte[] Value)> Plain { get; } = [];

    public List<AuditEntry> Entries { get; } = [];

    public AuditOwners? Owners { get; set; }

    /// <summary>Whether to write the head even if nothing changes.</summary>
    public bool IsProbe { get; set; }
}

/// <summary>An entry of the audit log before it is written.</summary>
internal sealed record AuditEntry(
    string Event, AuditDetail Detail, IReadOnlyList<(string Kind, string Name)> Rows, AuditOwners? Owners, string? Approved)
{
    /// <summary>Whether the entry tells of something that a refusal undoes.</summary>
    public bool IsOfChange => Rows.Count > 0 || Owners is not null || Approved is not null;
}

/// <summary>One caller's view of the store: the rows, the changes of others in the batch, and its own changes. Not thread-safe.</summary>
/// <param name="parsesLarge">Whether large rows are parsed here, and not outside of the transaction.</param>
internal sealed class VaultTransaction(Vault vault, IRowTransaction rows, VaultChanges batch, bool parsesLarge = true)
{
    private readonly Dictionary<(string Kind, string Name), (byte[] Plaintext, object Value)?> own = [];
    private readonly List<AuditEntry> entries = [];
    private readonly List<(string Kind, byte[] Value)> plain = [];

    /// <summary>The kinds of rows except head and log.</summary>
    public static IReadOnlyList<string> Kinds { get; } = [
        "session", "tag", "instance", "start", "provisioning", "authority", "history", "deleted", "creator", "creation",
    ];

    /// <summary>The key to which people seal values. A recovery removes it: who recovers the store could have read it.</summary>
    public static (string Kind, string Name) SealingKeyRow => ("authority", "sealing");

    /// <summary>The hash of the log's first line, which no other CAS has.</summary>
    public string LogId => vault.LogId;

    /// <summary>The facts that follow from the log, without the changes of this batch.</summary>
    public AuditState Log => vault.Log;

    /// <summary>The code that the owners have approved, MRENCLAVE, with the changes of this batch.</summary>
    public IReadOnlyList<string> Approved =>
        [.. vault.Log.Code.Skip(1), .. batch.Entries.Concat(entries).Select(entry => entry.Approved).OfType<string>()];

    /// <summary>The owners from this transaction on, itself included; null when there are none. An entry of the log changes them.</summary>
    public AuditOwners? Owners => entries.FindLast(entry => entry.Owners is not null)?.Owners ?? batch.Owners;

    /// <summary>Checks a part of the store.</summary>
    public bool Check() => vault.Check(rows);

    /// <summary>Demands a durable write, even if nothing changes.</summary>
    public bool Probe() => batch.IsProbe = true;

    /// <summary>Checks that a CAS can be the witness of this one.</summary>
    public Refusal? CheckWitness(WitnessDescription place) => vault.CheckWitness(rows, place);

    /// <summary>Finds a row's value; null when there is no such row.</summary>
    /// <exception cref="InvalidDataException">The row is not what the CAS wrote last.</exception>
    public T? Find<T>(string kind, string name, Func<byte[], T> read) where T : class
    {
        var row = (kind, name);
        if (own.TryGetValue(row, out var changed) || batch.Rows.TryGetValue(row, out changed))
        {
            return (T?)changed?.Value;
        }
        return vault.Read(rows, row, read, parsesLarge);
    }

    /// <summary>Writes a row.</summary>
    /// <param name="value">The value that <see cref="Find"/> returns from now on; immutable.</param>
    public void Put(string kind, string name, byte[] plaintext, object value) => own[(kind, name)] = (plaintext, value);

    /// <summary>Removes a row.</summary>
    public void Delete(string kind, string name) => own[(kind, name)] = null;

    /// <summary>Writes a row that is readable without the store's key, so the value must be encrypted already.</summary>
    public void PutPlain(string kind, byte[] value) => plain.Add((kind, value));

    /// <summary>Lists the names of a kind's rows that begin with a prefix, in order.</summary>
    public IReadOnlyList<string> ListNames(string kind, string prefix)
    {
        var names = new List<string>();
        for (var name = FindName(kind, prefix, prefix); name is not null; name = FindName(kind, name + '\0', prefix))
        {
            names.Add(name);
        }
        return names;
    }

    /// <summary>Finds the first name of a kind's rows that is not before another name and begins with a prefix; null for none.</summary>
    public string? FindName(string kind, string from, string prefix)
    {
        var end = prefix + char.MaxValue;
        var changed = batch.Rows.Concat(own).Where(row => row.Key.Kind == kind).Select(row => row.Key.Name)
            .Where(name => string.CompareOrdinal(name, from) >= 0 && string.CompareOrdinal(name, end) <= 0 && Exists(kind, name))
            .Min(StringComparer.Ordinal);
        var found = vault.Index.FindName(kind, from, end);
        while (found is not null && !Exists(kind, found))
        {
            found = vault.Index.FindName(kind, found + '\0', end);
        }
        return found is null || (changed is not null && string.CompareOrdinal(changed, found) < 0) ? changed : found;
    }

    /// <summary>Counts the rows of a kind.</summary>
    public int Count(string kind) => vault.Index.CountOf(kind) + batch.Rows.Keys.Union(own.Keys).Where(row => row.Kind == kind).Sum(
        row => (Exists(kind, row.Name) ? 1 : 0) - (vault.Index.Find(row) is null ? 0 : 1));

    private bool Exists(string kind, string name) =>
        own.TryGetValue((kind, name), out var changed) || batch.Rows.TryGetValue((kind, name), out changed)
            ? changed is not null
            : vault.Index.Find((kind, name)) is not null;

    /// <summary>Reads lines of the audit log after a number, and the log's end, without the entries of this batch.</summary>
    public (IReadOnlyList<(byte[] Line, AuditDetail Detail)> Lines, StoreHead Head) ReadLog(long after, int count) =>
        vault.ReadLog(rows, after, count);

    /// <summary>Adds an entry to the audit log, for the changes since the last entry. Every change of a row needs an entry.</summary>
    /// <param name="owners">The owners from here on; null when they do not change.</param>
    /// <param name="approved">MRENCLAVE of code that the owners approve; null for none.</param>
    public void Audit(
        string name, string subject, string by, string text = "", AuditOwners? owners = null, string? approved = null)
    {
        var noted = entries.SelectMany(entry => entry.Rows).ToHashSet();
        entries.Add(new AuditEntry(name, new AuditDetail(subject, by, text, []), [.. own.Keys.Where(row => !noted.Contains(row))],
            owners, approved));
    }

    /// <summary>Drops this caller's changes, and keeps only entries of the audit log that tell of no change.</summary>
    public void DropChanges()
    {
        own.Clear();
        plain.Clear();
        entries.RemoveAll(entry => entry.IsOfChange);
    }

    /// <summary>Adds this caller's changes to the batch.</summary>
    public void Merge()
    {
        if (own.Count != entries.Sum(entry => entry.Rows.Count))
        {
            throw new InvalidOperationException("a row was changed without an entry in the audit log");
        }
        foreach (var (row, value) in own)
        {
            batch.Rows[row] = value;
        }
        batch.Plain.AddRange(plain);
        batch.Owners = Owners;
        batch.Entries.AddRange(entries);
    }
}
