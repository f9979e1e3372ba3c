using System.Globalization;
using Guardian.Attestation.Evidence;
using Guardian.Attestation.Launch;
using Guardian.Attestation.Policy;
using Guardian.Attestation.RaTls;
using Guardian.Attestation.Verification;
using Guardian.Cas.Client.Connection;
using Guardian.Cas.Store;
using Guardian.Hosting;
using Guardian.Refusals;
using Guardian.Sgx;
using Guardian.Sgx.Enclaves;

namespace Guardian.Cas.Host;

/// <summary>Opens the store from the options: its rows, and its key.</summary>
internal static class CasLaunch
{
    /// <summary>The options besides the common ones.</summary>
    public static IReadOnlyList<string> Options { get; } = ["database", "join", "mode", "caller-calls"];

    /// <summary>The file of the sealed key.</summary>
    public static string KeyPath(HostOptions options) => Path.Combine(options.State, "database-key.sealed");

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
    public static async Task<StoreKey> GetKeyAsync(
        HostOptions options, EnclaveProcess process, IRowStore? rows, TimeProvider time)
    {
        var path = KeyPath(options);
        if (StoreKey.TryLoad(path, process.Enclave) is { } known)
        {
            return known;
        }
        if (options.Find("join") is { } address)
        {
            var key = await JoinAsync(address, process, options.Verifier, time).ConfigureAwait(false);
            key.Save(path, process.Enclave);
            return key;
        }
        using var transaction = rows?.Begin();
        return transaction?.Find("head", "") is null
            ? StoreKey.LoadOrCreate(path, process.Enclave)
            : throw HostingReasons.RefuseStart(
                "the store was made with a key that this machine does not have",
                "get it from another replica (guardian cas start --join ADDRESS), "
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

    private static async Task<StoreKey> JoinAsync(
        string address, EnclaveProcess process, EvidenceVerifier verifier, TimeProvider time)
    {
        if (!Uri.TryCreate(address, UriKind.Absolute, out var uri))
        {
            throw HostingReasons.RefuseInput($"'{address}' is not an address of a CAS", "give https://host:port");
        }
        try
        {
            using var certificate = RaTlsCertificate.Create(process.Quotes, EvidenceContext.CasStarting);
            using var client = new CasClient(uri, ReplicasOf(process.Enclave), certificate, time, verifier);
            return new StoreKey(await client.ReadStoreKeyAsync().ConfigureAwait(false));
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
