using Guardian.Cas.Audit;
using Guardian.Cas.Client;

namespace Guardian.Cas.Store;

/// <summary>What a batch of callers changed so far. A row is null when it was removed.</summary>
internal sealed class VaultChanges
{
    public Dictionary<(string Kind, string Name), (byte[] Plaintext, object Value)?> Rows { get; } = [];

    public List<(string Kind, byte[] Value)> Plain { get; } = [];

    public List<AuditEntry> Entries { get; } = [];

    public WitnessDescription? Witness { get; set; }
}

/// <summary>An entry of the audit log before it is written.</summary>
internal sealed record AuditEntry(string Event, AuditDetail Detail, IReadOnlyList<(string Kind, string Name)> Rows);

/// <summary>One caller's view of the store: what stands there, what others of the batch changed, and its own changes. Not thread-safe.</summary>
internal sealed class VaultTransaction(Vault vault, IRowTransaction rows, VaultChanges batch)
{
    private readonly Dictionary<(string Kind, string Name), (byte[] Plaintext, object Value)?> own = [];
    private readonly List<AuditEntry> entries = [];
    private readonly List<(string Kind, byte[] Value)> plain = [];

    /// <summary>The kinds of rows, besides head and log.</summary>
    public static IReadOnlyList<string> Kinds { get; } = ["session", "tag", "instance", "owners"];

    /// <summary>The hash of the log's first line: no other CAS has it.</summary>
    public string LogId => vault.LogId;

    /// <summary>Who confirms the store from this transaction on, itself included; null is nobody. A change of it must be noted in the audit log.</summary>
    public WitnessDescription? Witness { get; set; } = batch.Witness;

    /// <summary>Makes sure that a CAS can be the witness of this one.</summary>
    /// <exception cref="CasException">It cannot.</exception>
    public void TryWitness(WitnessDescription place) => vault.TryWitness(rows, place);

    /// <summary>A row's value, or null.</summary>
    /// <exception cref="InvalidDataException">The row is not what the CAS wrote last.</exception>
    public T? Find<T>(string kind, string name, Func<byte[], T> read) where T : class
    {
        var row = (kind, name);
        if (own.TryGetValue(row, out var changed) || batch.Rows.TryGetValue(row, out changed))
        {
            return (T?)changed?.Value;
        }
        return vault.Read(rows, row, read);
    }

    /// <summary>Writes a row.</summary>
    /// <param name="value">What <see cref="Find"/> gives from now on: immutable.</param>
    public void Put(string kind, string name, byte[] plaintext, object value) => own[(kind, name)] = (plaintext, value);

    /// <summary>Removes a row.</summary>
    public void Delete(string kind, string name) => own[(kind, name)] = null;

    /// <summary>Writes a row that is readable without the store's key; only what protects itself belongs there. It is written with the caller's other changes.</summary>
    public void PutPlain(string kind, byte[] value) => plain.Add((kind, value));

    /// <summary>Names of a kind's rows that begin so, in order.</summary>
    public IReadOnlyList<string> Names(string kind, string prefix)
    {
        var names = vault.Names(kind, prefix).ToHashSet();
        foreach (var ((changedKind, name), row) in batch.Rows.Concat(own))
        {
            if (changedKind == kind && name.StartsWith(prefix, StringComparison.Ordinal))
            {
                _ = row is null ? names.Remove(name) : names.Add(name);
            }
        }
        return [.. names.Order(StringComparer.Ordinal)];
    }

    /// <summary>Lines of the audit log after a number, each with its detail, and where the log ends. What this batch adds is not among them yet.</summary>
    public (IReadOnlyList<(byte[] Line, AuditDetail Detail)> Lines, StoreHead Head) Log(long after, int count) => vault.Log(rows, after, count);

    /// <summary>Notes in the audit log what happens with the changes since the last note. Whatever changes rows must be noted.</summary>
    public void Audit(string what, string subject, string by, string text = "")
    {
        var noted = entries.SelectMany(entry => entry.Rows).ToHashSet();
        entries.Add(new AuditEntry(what, new AuditDetail(subject, by, text, []), [.. own.Keys.Where(row => !noted.Contains(row))]));
    }

    /// <summary>Makes this caller's changes part of the batch.</summary>
    public void Merge()
    {
        if (own.Count != entries.Sum(entry => entry.Rows.Count))
        {
            throw new InvalidOperationException("a row is changed without an entry in the audit log");
        }
        foreach (var (row, value) in own)
        {
            batch.Rows[row] = value;
        }
        batch.Plain.AddRange(plain);
        batch.Witness = Witness;
        batch.Entries.AddRange(entries);
    }
}
