using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Guardian.Attestation.Collateral;
using Guardian.Attestation.Keeping;
using Guardian.Attestation.Pki;
using Guardian.Attestation.Verification;
using Guardian.Documents;
using Guardian.Files.Native;
using Guardian.Node.Caching;
using Guardian.Refusals;

namespace Guardian.Node.Daemon;

/// <summary>The process of the role <c>guardian-node collateral</c>: keeps Intel's documents, and serves them as a PCCS does.</summary>
internal static class CollateralDaemon
{
    /// <summary>How the role is called.</summary>
    public const string Usage = "guardian-node collateral --config FILE";

    private const int UsageCode = 2;
    private const int World = 3;
    private const int MaxKeySize = 1024;

    private static readonly TimeSpan HostsInterval = TimeSpan.FromMinutes(1);

    /// <summary>Runs until SIGTERM or SIGINT.</summary>
    /// <param name="words">The words after <c>collateral</c>.</param>
    /// <param name="log">Receives a line for each event.</param>
    /// <param name="fail">Reports an exit code, a message and details.</param>
    /// <returns>The exit code.</returns>
    public static int Run(IReadOnlyList<string> words, Action<string> log, Func<int, string, string[], int> fail)
    {
        if (words is not ["--config", var path])
        {
            return fail(UsageCode, "the role 'collateral' takes --config FILE", [Usage]);
        }
        using var signals = new EndingSignals();
        try
        {
            var problems = new DocumentProblems();
            return CacheConfiguration.Read(File.ReadAllBytes(path), problems) is { } configuration
                ? RunAsync(configuration, log, signals.Token).GetAwaiter().GetResult()
                : fail(UsageCode, $"{path} is not a valid configuration", [.. problems.Items.Select(problem => $"{path}:{problem}")]);
        }
        catch (RefusedException failure)
        {
            return fail(World, failure.Message, failure.Refusal.Remedy is { } remedy ? [remedy] : []);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return fail(World, failure.Message, []);
        }
    }

    private static async Task<int> RunAsync(CacheConfiguration configuration, Action<string> log, CancellationToken stopping)
    {
        var options = new VerifierOptions { Anchors = [ReadRoot(configuration.Root)] };
        var trusted = configuration.Authority is { } path ? ReadAuthorities(path) : null;
        var clients = configuration.Services.Select(address => CollateralService.CreateClient(address, trusted)).ToList();
        var stores = MakeStores(configuration, clients, options, log);
        var certificates = new PckStore(Path.Combine(configuration.Folder, "pck"), options, log);
        var fetcher = configuration.SubscriptionKeyFile is { } keyFile
            ? new PckFetcher([.. clients.Select(client => new CollateralService(client))], certificates, ReadKey(keyFile),
                TimeProvider.System, log)
            : null;
        certificates.Refresh();
        AddPlatforms(stores, [.. configuration.Platforms, .. certificates.Hosts.Values.Select(set => set.Platform)]);

        var metrics = new CacheMetrics();
        var answers = new CollateralAnswers(new CacheContent(stores), certificates, TimeProvider.System);
        var server = CacheEndpoint.Create(
            configuration, answers, metrics,
            () => metrics.Write(Environment.MachineName, stores, certificates.Hosts.Count, fetcher?.Failures), TimeProvider.System, log);
        await using var serving = server.ConfigureAwait(false);
        await server.StartAsync(stopping).ConfigureAwait(false);
        log($"serving collateral on {string.Join(' ', server.Urls)}");
        try
        {
            await Task.WhenAll(
            [
                .. stores.Select(store => store.Keeper.RunAsync(stopping)),
                KeepHostsAsync(configuration, stores, certificates, fetcher, log, stopping),
            ]).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // SIGTERM ends the daemon.
        }
        clients.ForEach(client => client.Dispose());
        return 0;
    }

    private static List<KeptStore> MakeStores(
        CacheConfiguration configuration, List<HttpClient> clients, VerifierOptions options, Action<string> log)
    {
        List<KeptStore> stores = [Make(EvaluationSet.Standard, 4)];
        if (configuration.KeepsEarly)
        {
            stores.Add(Make(EvaluationSet.Early, 4));
        }
        if (configuration.ServesVersion3)
        {
            stores.Add(Make(EvaluationSet.Standard, 3));
        }
        return stores;

        KeptStore Make(EvaluationSet edition, int version)
        {
            // The standard collateral is where 'guardian quote verify' and CAS expect it.
            var store = new CollateralStore(version == 4 ? configuration.Folder : Path.Combine(configuration.Folder, "v3"), edition);
            var updater = new CollateralUpdater(
                [.. clients.Select(client => new CollateralService(client, configuration.RootList, version, includesQve: true))],
                store, options);
            return new KeptStore(new CollateralKeeper(updater, TimeProvider.System, log), store, version);
        }
    }

    private static void AddPlatforms(List<KeptStore> stores, IEnumerable<PlatformId> platforms)
    {
        foreach (var platform in platforms.Distinct())
        {
            foreach (var store in stores.Where(store => store.Version == 4 || platform.Tee == Attestation.Quotes.TeeType.Sgx))
            {
                store.Keeper.Add(platform);
            }
        }
    }

    private static async Task KeepHostsAsync(
        CacheConfiguration configuration, List<KeptStore> stores, PckStore certificates, PckFetcher? fetcher, Action<string> log,
        CancellationToken stopping)
    {
        // The folder is read each minute, and a wrong file in it is worth one line.
        var said = new HashSet<string>();
        void LogOnce(string line)
        {
            if (said.Add(line))
            {
                log(line);
            }
        }
        while (true)
        {
            try
            {
                if (fetcher is not null)
                {
                    await fetcher.UpdateAsync(HostsFile.ReadFolder(configuration.Hosts!, LogOnce), stopping).ConfigureAwait(false);
                }
                certificates.Refresh();
                AddPlatforms(stores, certificates.Hosts.Values.Select(set => set.Platform));
            }
            catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
            {
                LogOnce($"the hosts are not read: {failure.Message}");
            }
            await Task.Delay(HostsInterval, stopping).ConfigureAwait(false);
        }
    }

    private static TrustAnchor ReadRoot(string? path) => path is null ? TrustAnchor.Intel
        : TrustAnchor.FromCertificate(File.ReadAllBytes(path))
            ?? throw new RefusedException(CachingReasons.BadRoot.Because($"{path} holds no certificate with a P-256 key"));

    private static X509Certificate2Collection ReadAuthorities(string path)
    {
        var found = new X509Certificate2Collection();
        try
        {
            found.ImportFromPem(File.ReadAllText(path));
        }
        catch (CryptographicException)
        {
            // Refused below, as a file without certificates.
        }
        return found.Count > 0 ? found
            : throw new RefusedException(CachingReasons.BadAuthority.Because($"{path} has no certificate in PEM"));
    }

    private static string ReadKey(string path)
    {
        using var file = File.OpenText(path);
        var buffer = new char[MaxKeySize + 1];
        var key = new string(buffer, 0, file.ReadBlock(buffer)).Trim();
        return key.Length is > 0 and <= MaxKeySize && key.All(character => character is > ' ' and < (char)127)
            ? key
            : throw new RefusedException(CachingReasons.BadKey.Because($"{path} has no key of 1 to {MaxKeySize} characters"));
    }
}
