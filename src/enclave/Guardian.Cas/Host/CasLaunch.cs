using System.Globalization;
using Guardian.Attestation.Evidence;
using Guardian.Attestation.Launch;
using Guardian.Attestation.Policy;
using Guardian.Attestation.RaTls;
using Guardian.Attestation.Verification;
using Guardian.Cas.Client.Connection;
using Guardian.Cas.Doctor;
using Guardian.Cas.Owners;
using Guardian.Cas.Store;
using Guardian.Hosting;
using Guardian.Refusals;
using Guardian.Sgx;
using Guardian.Sgx.Enclaves;
using Guardian.Sgx.Measurement;

namespace Guardian.Cas.Host;

/// <summary>Opens the store from the options: its rows, and its key.</summary>
internal static class CasLaunch
{
    /// <summary>The mode in which a CAS makes a store even if its folder has a key.</summary>
    public const string StartNew = "new";

    /// <summary>The mode in which a CAS serves a database that is older than the key's file knows.</summary>
    public const string StartRestored = "restored";

    /// <summary>The options besides the common ones.</summary>
    public static IReadOnlyList<string> Options { get; } = [
        "database", "join", "mode", "caller-calls", "connections", "address-connections", "owners", "threshold", "log", "notify",
        "notify-ca",
    ];

    /// <summary>Reads the owners that a new store gets, and an old one must have; null for no demand.</summary>
    /// <exception cref="RefusedException">The options name no owners that make sense.</exception>
    public static FirstOwners? ReadOwners(HostOptions options)
    {
        if (options.Find("owners") is not { } keys)
        {
            return options.Find("threshold") is null ? null : throw HostingReasons.RefuseInput("--threshold is for --owners");
        }
        var owners = keys.Split(',');
        var isNumber = int.TryParse(options.Find("threshold"), NumberStyles.None, CultureInfo.InvariantCulture, out var threshold);
        return isNumber && OwnerRegistry.ReadKeys(owners, threshold).Refusal is null
            ? new FirstOwners(owners, threshold)
            : throw HostingReasons.RefuseInput(
                "--owners and --threshold name no owners",
                "--owners KEY,KEY takes different keys as 'guardian key show' prints them; --threshold is how many of them act together");
    }

    /// <summary>Reads how many concurrent calls one caller may have.</summary>
    /// <exception cref="RefusedException">The option is not a number, or out of range.</exception>
    public static int ReadCallerCalls(HostOptions options)
    {
        return ReadNumber(options, "caller-calls", CallerLimits.MaxCalls) ?? CallerLimits.DefaultCalls;
    }

    /// <summary>Reads which requests are logged; none by default.</summary>
    /// <exception cref="RefusedException">The option is no such word.</exception>
    public static RequestLogScope ReadLogScope(HostOptions options) => options.Find("log") switch
    {
        null or "off" => RequestLogScope.Off,
        "denials" => RequestLogScope.Denials,
        "all" => RequestLogScope.All,
        var other => throw HostingReasons.RefuseInput($"'{other}' does not say which requests are logged", "--log is off, denials or all"),
    };

    /// <summary>Reads how many connections the CAS accepts, of all peers and of one address.</summary>
    /// <exception cref="RefusedException">An option is not a number, or out of range.</exception>
    public static ConnectionLimits ReadConnections(HostOptions options)
    {
        var normal = ConnectionLimits.Default;
        var total = ReadNumber(options, "connections", ConnectionLimits.Max) ?? normal.Total;
        // Without an option, one address has half, as ever.
        var ofAddress = ReadNumber(options, "address-connections", ConnectionLimits.Max) ?? Math.Max(1, total / 2);
        return ofAddress <= total
            ? new ConnectionLimits(total, ofAddress)
            : throw HostingReasons.RefuseInput(
                $"one address has {ofAddress} of {total} connections", "--address-connections takes at most --connections");
    }

    private static int? ReadNumber(HostOptions options, string name, int max) => options.Find(name) is not { } text
        ? null
        : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number > 0 && number <= max
        ? number
        : throw HostingReasons.RefuseInput($"'{text}' is not a number for --{name}", $"--{name} takes 1 to {max}");

    /// <summary>Opens the database: SQLite in the state folder, or PostgreSQL by the connection string in a file.</summary>
    public static IRowStore OpenRows(HostOptions options) => options.Find("database") is { } file
        ? PostgresRowStore.Open(File.ReadAllText(file).Trim())
        : SqliteRowStore.Open(Path.Combine(options.State, "cas.sqlite"));

    /// <summary>Examines the database offline.</summary>
    /// <exception cref="StoreException">The database cannot be read.</exception>
    /// <exception cref="InvalidDataException">There is no database.</exception>
    public static DoctorReport Examine(HostOptions options, EnclaveProcess process, TimeProvider time)
    {
        using IRowStore rows = options.Find("database") is { } file
            ? PostgresRowStore.OpenToRead(File.ReadAllText(file).Trim())
            : SqliteRowStore.OpenToRead(Path.Combine(options.State, "cas.sqlite"));
        byte[]? head;
        using (var transaction = rows.Begin())
        {
            head = transaction.Find(StoreReader.HeadKind, "");
        }
        (HeldKey? key, string? noKey) = (null, "this folder has no key of this code");
        try
        {
            key = new KeyFile(options.State, process.Enclave).Find(head);
        }
        catch (InvalidDataException failure)
        {
            noKey = failure.Message;
        }
        using (key?.Key)
        {
            return new StoreDoctor(rows, key, noKey, LogRules.For(process.Enclave, options.Verifier), time).Examine();
        }
    }

    /// <summary>Gets the store's key: the sealed one of this machine, that of another replica, or a new one for a new store.</summary>
    /// <param name="rows">The store; null for a machine that only keeps the key.</param>
    public static async Task<HeldKey> GetKeyAsync(
        HostOptions options, EnclaveProcess process, IRowStore? rows, TimeProvider time)
    {
        var file = new KeyFile(options.State, process.Enclave);
        var (head, code) = ReadStore(rows, LogRules.For(process.Enclave, options.Verifier), time, options.Find("join") is not null);
        if (options.Find("mode") == StartNew)
        {
            return CreateKey(options, file, head);
        }
        if (rows is not null && head is null && file.FindKept() is { } kept)
        {
            throw HostingReasons.RefuseStart(
                $"the database is empty, but {kept} is the key of a store",
                "restore the database, or correct --database or --state; a new CAS that has nothing to do with the former one: "
                + "guardian cas start --new, which keeps the former key beside");
        }
        if (file.Find(head) is { } known)
        {
            return options.Find("mode") == StartRestored ? known with { Known = null } : known;
        }
        // Every replica may have the same command line: the first one makes the store, and the others join it.
        var isFirst = rows is not null && head is null;
        if (options.Find("join") is { } address && !(isFirst && options.Find("owners") is not null))
        {
            if (isFirst)
            {
                throw HostingReasons.RefuseStart(
                    "the database is empty, so there is nothing to join: a replica serves the store that the other CAS has",
                    "name the database of the other CAS; to make a new CAS here if there is none, name its owners: --owner FILE; "
                    + "to keep a copy of a key only, use: guardian cas copy-key");
            }
            options.ReportStep($"asking {address} for the key of its store");
            return await JoinAsync(address, process, code, options.Verifier, time).ConfigureAwait(false);
        }
        return isFirst
            ? HeldKey.Create()
            : throw HostingReasons.RefuseStart(
                "the store was made with a key that this machine and this code do not have",
                "get it from another replica (guardian cas start --join ADDRESS), "
                + "new code after its owners approved it (guardian cas upgrade), "
                + "or have the owners recover it (guardian cas start --recover)");
    }

    // Only when the operator says so: the database may be empty because it was lost, or because another one was named.
    private static HeldKey CreateKey(HostOptions options, KeyFile file, byte[]? head)
    {
        if (options.Find("join") is not null)
        {
            throw HostingReasons.RefuseInput("a new CAS joins no other", "give --new or --join, not both");
        }
        if (head is not null)
        {
            throw HostingReasons.RefuseStart(
                "the database has the store of a CAS, and --new starts with an empty one",
                "name another database or state folder, or move the database away");
        }
        foreach (var former in file.SetAside())
        {
            Console.Error.WriteLine(
                $"guardian-cas: the key of a former store is now {former}; keep it if you want to use that store again");
        }
        return HeldKey.Create();
    }

    /// <summary>The enclaves that are this CAS: the same code on the same kind of platform.</summary>
    public static AttestationPolicy ReplicasOf(IEnclave enclave)
    {
        var own = enclave.Identity;
        return new AttestationPolicy
        {
            // Not by signer: with Gramine the operator signs, and may sign code that gives the key away.
            Identities = [new AcceptedIdentity { MrEnclaves = [own.MrEnclave] }],
            Platforms = [enclave.Platform],
            AllowDebug = own.Attributes.Flags.HasFlag(AttributeFlags.Debug),
        };
    }

    // The head of the store, and the code that may have its key. A CAS that joins accepts only code that the store's log names.
    private static (byte[]? Head, IReadOnlyList<string>? Code) ReadStore(IRowStore? rows, LogRules rules, TimeProvider time, bool joins)
    {
        if (rows is null)
        {
            return (null, null);
        }
        using var transaction = rows.Begin();
        var head = transaction.Find(StoreReader.HeadKind, "");
        return (head, joins && head is not null ? StoreReader.ReadLog(transaction, rules, time.GetUtcNow()).Code : null);
    }

    private static async Task<HeldKey> JoinAsync(
        string address, EnclaveProcess process, IReadOnlyList<string>? code, EvidenceVerifier verifier, TimeProvider time)
    {
        if (!Uri.TryCreate(address, UriKind.Absolute, out var uri))
        {
            throw HostingReasons.RefuseInput($"'{address}' is not an address of a CAS", "give https://host:port");
        }
        try
        {
            MrEnclave? giver = null;
            using var certificate = RaTlsCertificate.Create(process.Quotes, EvidenceContext.CasStarting);
            using var client = new CasClient(
                uri, CasCode.With(ReplicasOf(process.Enclave), code ?? []), certificate, time, verifier,
                (peer, _) => giver = peer.Quote.Report.MrEnclave);
            var answer = await client.ReadStoreKeyAsync().ConfigureAwait(false);
            var origin = giver == process.Enclave.Identity.MrEnclave ? KeyOrigin.Joined : KeyOrigin.Upgraded;
            return new HeldKey(new StoreKey(answer.Key), origin, Log: answer.Log);
        }
        catch (RefusedException refused)
        {
            var reason = refused.IsTransient ? HostingReasons.MachineFailed : HostingReasons.StartRefused;
            throw new RefusedException(
                reason.Because($"the CAS at {address} gives no key: {refused.Message}") with { Problems = refused.Refusal.Problems },
                refused);
        }
    }
}
