using Guardian.Attestation.Policy;
using Guardian.Cas.Client.Audit;
using Guardian.Cas.Store;
using Guardian.Sgx;

namespace Guardian.Cas.Doctor;

/// <summary>
/// Examines a store offline and writes nothing. Without the key of the store, the log can be verified completely, and rows can only be
/// counted. Not thread-safe.
/// </summary>
/// <param name="rows">The store, opened to read.</param>
/// <param name="key">The key of the store; null when it is not available here.</param>
/// <param name="noKey">Why the key is not available; null when it is.</param>
/// <param name="rules">How this enclave verifies logs.</param>
/// <param name="time">The clock by which quotes must be valid.</param>
internal sealed class StoreDoctor(IRowStore rows, HeldKey? key, string? noKey, LogRules rules, TimeProvider time)
{
    private const string Restore = "restore the newest copy of the database";

    private const string AskTheCas =
        "start the CAS: it checks this at its start and while it runs, and says what it finds at /v1/health/ready";

    private readonly List<DoctorCheck> checks = [];
    private AuditState log = AuditState.Empty;

    /// <summary>Examines the store.</summary>
    /// <exception cref="StoreException">The database cannot be read.</exception>
    public DoctorReport Examine()
    {
        using var transaction = rows.Begin();
        if (transaction.FindNextKind("") is null)
        {
            Add("database", CheckResult.Failed, "the database is empty: no CAS has used it, or all rows were deleted",
                "restore a copy of the database, or check which database and state folder were named");
            return Report(isLogVerified: false);
        }
        try
        {
            Add("database", CheckResult.Ok, CountRows(transaction));
        }
        catch (InvalidDataException failure)
        {
            Add("database", CheckResult.Failed, failure.Message);
            return Report(isLogVerified: false);
        }
        var isLogVerified = ExamineLog(transaction);
        ExamineLayout(transaction, isLogVerified);
        ExamineRows(transaction, isLogVerified);
        Add("witness", CheckResult.NotChecked, log.Present?.Witness is { } witness
                ? $"the witness at {witness.Address} was not asked; it alone can tell that database and key's file were put back together"
                : "the CAS has no witness, so nobody can tell whether database and key's file were put back together",
            log.Present?.Witness is null ? "compare the log with an earlier copy: guardian cas audit verify --since" : AskTheCas);
        return Report(isLogVerified);
    }

    private DoctorReport Report(bool isLogVerified) => new(
        "doctor", checks.TrueForAll(check => check.Result != CheckResult.Failed), isLogVerified ? log.Log : null, log.Sequence, checks);

    private void Add(string name, CheckResult result, string detail, string? advice = null) =>
        checks.Add(new DoctorCheck(name, result, detail, advice));

    private static string CountRows(IRowTransaction transaction)
    {
        var counts = new List<string>();
        for (var kind = transaction.FindNextKind(""); kind is not null; kind = transaction.FindNextKind(kind))
        {
            var count = StoreReader.ReadRows(transaction, kind, "").LongCount() + (transaction.Find(kind, "") is null ? 0 : 1);
            counts.Add($"{count} of the kind '{kind}'");
        }
        return $"rows: {string.Join(", ", counts)}";
    }

    // Code of any platform: the log itself says which code may continue it.
    private bool ExamineLog(IRowTransaction transaction)
    {
        var policy = new AttestationPolicy
        {
            Identities = [AcceptedIdentity.Anyone], Platforms = [PlatformKind.Hardware, PlatformKind.Simulated], AllowDebug = true,
        };
        var chain = new AuditChain(AuditState.Empty, policy, time.GetUtcNow(), rules.Verifier, isComplete: true);
        var fault = transaction.Find(StoreReader.HeadKind, "") is null ? "the store's head is missing" : null;
        foreach (var (name, line) in StoreReader.ReadRows(transaction, LogWriter.Kind, ""))
        {
            var number = chain.State.Sequence + 1;
            var found = name == AuditLine.NameOf(number)
                ? chain.Append(line)?.Detail
                : $"entry {number} is missing, and a row '{name}' is in its place";
            if (found is not null)
            {
                fault = found;
                break;
            }
        }
        log = chain.State;
        fault ??= log.Sequence == 0 ? "the log is empty" : null;
        if (fault is not null)
        {
            Add("log", CheckResult.Failed, $"{log.Sequence} entries verify, and then: {fault}", Restore);
            return false;
        }
        Add("log", CheckResult.Ok,
            $"{log.Sequence} entries verify, with every signature and quote; the CAS is {log.Log}, its code {string.Join(", ", log.Code)}");
        return true;
    }

    private void ExamineLayout(IRowTransaction transaction, bool isLogVerified)
    {
        if (!isLogVerified)
        {
            Add("owners", CheckResult.NotChecked, "the owners' shares cannot be compared with a log that does not verify", Restore);
        }
        else if (StoreLayout.FindFault(transaction, log) is { } fault)
        {
            Add("owners", CheckResult.Failed, fault, $"{Restore}: with these rows, the owners could not recover the store");
        }
        else if (log.Present is { } owners)
        {
            Add("owners", CheckResult.Ok, $"{owners.Threshold} of {owners.Keys.Count} owners can recover the store with their shares");
        }
        else
        {
            Add("owners", CheckResult.Ok, "nobody has claimed the CAS, so nobody could recover its store", "guardian cas claim");
        }
    }

    private void ExamineRows(IRowTransaction transaction, bool isLogVerified)
    {
        if (key is null)
        {
            Add("rows", CheckResult.NotChecked,
                $"sessions, secrets and tags cannot be checked, and neither can the end of the log: {noKey}", AskTheCas);
            return;
        }
        var reader = new StoreReader(key.Key, rules, time);
        StoreHead head;
        try
        {
            head = reader.ReadHead(transaction.Find(StoreReader.HeadKind, "") ?? []);
        }
        catch (InvalidDataException failure)
        {
            Add("rows", CheckResult.Failed, failure.Message);
            return;
        }
        var fault = reader.FindChangedRows(transaction, head);
        Add("rows", fault.Count == 0 ? CheckResult.Ok : CheckResult.Failed,
            fault.Count == 0
                ? "every row is the one that the CAS wrote last"
                : string.Join("; ", fault), fault.Count == 0 ? null : Restore);
        if (!isLogVerified)
        {
            return;
        }
        var isEnd = log.Sequence == head.Sequence && log.Hash == head.Hash;
        Add("end-of-log", isEnd ? CheckResult.Ok : CheckResult.Failed,
            isEnd
                ? $"the log ends with entry {head.Sequence}, as the head says"
                : $"the head says that the log has {head.Sequence} entries",
            isEnd ? null : Restore);
        ExamineFreshness(transaction);
    }

    private void ExamineFreshness(IRowTransaction transaction)
    {
        if (key!.Known is not { } known)
        {
            Add("freshness", CheckResult.NotChecked, "the key's file remembers no state of the store: no CAS has served it here",
                AskTheCas);
            return;
        }
        var isOlder = known.Sequence > log.Sequence || LogWalk.FindFault(transaction, known.Sequence, known.Hash) is not null;
        Add("freshness", isOlder ? CheckResult.Failed : CheckResult.Ok,
            isOlder
                ? $"the key's file remembers entry {known.Sequence}, which this database does not have: "
                    + "it is an older copy, or another CAS continued it"
                : $"the database has the last entry that the key's file remembers, {known.Sequence}",
            isOlder ? $"{Restore}; if there is none, accept what is lost: guardian cas start --restored" : null);
    }
}
