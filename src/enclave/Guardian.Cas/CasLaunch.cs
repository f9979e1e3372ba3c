using System.Globalization;
using System.Security.Cryptography.X509Certificates;
using Guardian.Attestation.Launch;
using Guardian.Attestation.Policy;
using Guardian.Attestation.Verification;
using Guardian.Cas.Client;
using Guardian.Cas.Store;
using Guardian.Hosting;
using Guardian.Sgx;
using Guardian.Sgx.Enclaves;
using Guardian.Sgx.Reports;

namespace Guardian.Cas;

/// <summary>From options to an open store: where the rows are, and where the key to them comes from.</summary>
internal static class CasLaunch
{
    /// <summary>Options besides the common ones.</summary>
    public static IReadOnlyList<string> Options { get; } = ["database", "join", "mode", "caller-calls"];

    /// <summary>The sealed key of the store.</summary>
    public static string KeyPath(HostOptions options) => Path.Combine(options.State, "database-key.sealed");

    /// <summary>How many calls of one caller are answered at once.</summary>
    /// <exception cref="HostException">It is no number, or too large.</exception>
    public static int CallerCalls(HostOptions options) => options.Find("caller-calls") is not { } text ? CallerLimits.DefaultCalls
        : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var calls) && calls is > 0 and <= CallerLimits.MaxCalls ? calls
        : throw new HostException(2, $"'{text}' is no number of calls", $"--caller-calls takes 1 to {CallerLimits.MaxCalls}");

    /// <summary>Opens the database: SQLite in the state folder, or PostgreSQL by the connection string in a file.</summary>
    public static IRowStore OpenRows(HostOptions options) => options.Find("database") is { } file
        ? PostgresRowStore.Open(File.ReadAllText(file).Trim())
        : SqliteRowStore.Open(Path.Combine(options.State, "cas.sqlite"));

    /// <summary>The store's key: sealed on this machine before, given by another enclave of this CAS, or, for a new store, made.</summary>
    public static async Task<StoreKey> GetKeyAsync(HostOptions options, EnclaveProcess process, X509Certificate2 certificate, IRowStore? rows, TimeProvider time)
    {
        var path = KeyPath(options);
        if (StoreKey.TryLoad(path, process.Enclave) is { } known)
        {
            return known;
        }
        if (options.Find("join") is { } address)
        {
            var key = await JoinAsync(address, process.Enclave, certificate, options.Verifier, time).ConfigureAwait(false);
            key.Save(path, process.Enclave);
            return key;
        }
        using var transaction = rows?.Begin();
        return transaction?.Find("head", "") is null
            ? StoreKey.LoadOrCreate(path, process.Enclave)
            : throw new HostException(
                1, "the store was made with a key that this machine does not have",
                "have another replica give it (guardian cas start --join ADDRESS), or the owners recover it (guardian cas start --recover)");
    }

    /// <summary>Which enclaves are this CAS: the same code, or the same signer's product in this version or a later one.</summary>
    public static AttestationPolicy Replicas(IEnclave enclave)
    {
        var own = enclave.Identity;
        return new AttestationPolicy
        {
            Identities =
            [
                new AcceptedIdentity { MrEnclaves = [own.MrEnclave] },
                new AcceptedIdentity { MrSigner = own.MrSigner, IsvProdId = own.IsvProdId, MinimumIsvSvn = own.IsvSvn },
            ],
            Platforms = [enclave.Platform],
            AllowDebug = own.Attributes.Flags.HasFlag(AttributeFlags.Debug),
        };
    }

    private static async Task<StoreKey> JoinAsync(string address, IEnclave enclave, X509Certificate2 certificate, EvidenceVerifier verifier, TimeProvider time)
    {
        if (!Uri.TryCreate(address, UriKind.Absolute, out var uri))
        {
            throw new HostException(2, $"'{address}' is no address of a CAS", "give https://host:port");
        }
        try
        {
            using var client = new CasClient(uri, Replicas(enclave), certificate, time, verifier: verifier);
            return new StoreKey(await client.ReadStoreKeyAsync().ConfigureAwait(false));
        }
        catch (CasException failure)
        {
            throw new HostException(failure.IsTransient ? 3 : 1, $"the CAS at {address} gives no key: {failure.Message}", details: failure.Problems);
        }
    }
}
