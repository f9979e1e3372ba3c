using System.Globalization;
using Guardian.Attestation.Evidence;
using Guardian.Attestation.Launch;
using Guardian.Attestation.Policy;
using Guardian.Attestation.RaTls;
using Guardian.Attestation.Verification;
using Guardian.Cas.Client.Connection;
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
    /// <summary>The options besides the common ones.</summary>
    public static IReadOnlyList<string> Options { get; } = [
        "database", "join", "mode", "caller-calls", "owners", "threshold", "notify", "notify-ca"];

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
        if (options.Find("caller-calls") is not { } text)
        {
            return CallerLimits.DefaultCalls;
        }
        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var calls)
            && calls is > 0 and <= CallerLimits.MaxCalls
            ? calls
            : throw HostingReasons.RefuseInput(
                $"'{text}' is not a number of calls", $"--caller-calls takes 1 to {CallerLimits.MaxCalls}");
    }

    /// <summary>Opens the database: SQLite in the state folder, or PostgreSQL by the connection string in a file.</summary>
    public static IRowStore OpenRows(HostOptions options) => options.Find("database") is { } file
        ? PostgresRowStore.Open(File.ReadAllText(file).Trim())
        : SqliteRowStore.Open(Path.Combine(options.State, "cas.sqlite"));

    /// <summary>Gets the store's key: the sealed one of this machine, that of another replica, or a new one for a new store.</summary>
    /// <param name="rows">The store; null for a machine that only keeps the key.</param>
    public static async Task<HeldKey> GetKeyAsync(
        HostOptions options, EnclaveProcess process, IRowStore? rows, TimeProvider time)
    {
        var file = new KeyFile(options.State, process.Enclave);
        var (head, code) = ReadStore(rows, LogRules.For(process.Enclave, options.Verifier), time, options.Find("join") is not null);
        if (file.Find(head) is { } known)
        {
            return known;
        }
        if (options.Find("join") is { } address)
        {
            if (rows is not null && head is null)
            {
                throw HostingReasons.RefuseStart(
                    "the database is empty, so there is nothing to join: a replica serves the store that the other CAS has",
                    "name the database of the other CAS; to keep a copy of its key only, use: guardian cas copy-key");
            }
            return await JoinAsync(address, process, code, options.Verifier, time).ConfigureAwait(false);
        }
        return head is null && rows is not null
            ? HeldKey.Create()
            : throw HostingReasons.RefuseStart(
                "the store was made with a key that this machine and this code do not have",
                "get it from another replica (guardian cas start --join ADDRESS), "
                + "new code after its owners approved it (guardian cas upgrade), "
                + "or have the owners recover it (guardian cas start --recover)");
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
