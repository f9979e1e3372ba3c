using System.Text.Json;
using Guardian.Attestation.Evidence;
using Guardian.Attestation.Launch;
using Guardian.Attestation.Policy;
using Guardian.Attestation.RaTls;
using Guardian.Attestation.Statements;
using Guardian.Cas.Client.Protocol;
using Guardian.Cas.Doctor;
using Guardian.Cas.Host;
using Guardian.Cas.Owners;
using Guardian.Cas.Provisioning;
using Guardian.Cas.Store;
using Guardian.Files.Native;
using Guardian.Hosting;

InheritedStreams.FillMissing();
RuntimeDiagnostics.RestartWithout();
Vault? vault = null;
var isRecoveryLost = false;
var isDamaged = false;
CallerLimits? limits = null;
ProvisioningAuthority? authority = null;
ProvisioningServer? provisioning = null;
StoreWatch? watch = null;
RequestLog? requests = null;
DenialNotifier? notifier = null;
try
{
    var code = await EnclaveHost.RunAsync(
        "guardian-cas", EnclaveProduct.Cas, args, BuiltPlatforms.Support, own: [],
        optional: ["provision", "provision-unnamed", .. CasLaunch.Options],
        (options, process) => options.Find("mode") switch
        {
            null or CasLaunch.StartNew or CasLaunch.StartRestored => ServeAsync(options, process),
            "recover" => Task.FromResult<EnclaveService?>(Recover(options, process)),
            "key-only" => CopyKeyAsync(options, process),
            "doctor" => Task.FromResult(Examine(options, process)),
            var other =>
                throw HostingReasons.RefuseInput($"there is no mode '{other}'", "--mode is new, restored, recover, key-only or doctor"),
        }).ConfigureAwait(false);
    return isRecoveryLost ? 3 : code == 0 && isDamaged ? 1 : code;
}
finally
{
    if (provisioning is not null)
    {
        await provisioning.DisposeAsync().ConfigureAwait(false);
    }
    if (watch is not null)
    {
        await watch.DisposeAsync().ConfigureAwait(false);
    }
    if (requests is not null)
    {
        await requests.DisposeAsync().ConfigureAwait(false);
    }
    if (notifier is not null)
    {
        await notifier.DisposeAsync().ConfigureAwait(false);
    }
    authority?.Dispose();
    limits?.Dispose();
    vault?.Dispose();
}

async Task<EnclaveService?> ServeAsync(HostOptions options, EnclaveProcess process)
{
    limits = new CallerLimits(CasLaunch.ReadCallerCalls(options));
    requests = new RequestLog(CasLaunch.ReadLogScope(options), TimeProvider.System, Console.Error.WriteLine);
    var connections = CasLaunch.ReadConnections(options);
    var owners = CasLaunch.ReadOwners(options);
    options.ReportStep("opening its database");
    var rows = CasLaunch.OpenRows(options);
    var key = await CasLaunch.GetKeyAsync(options, process, rows, TimeProvider.System).ConfigureAwait(false);
    var replicas = CasLaunch.ReplicasOf(process.Enclave);
    vault = Vault.Open(
        rows, key, CreateAuditKey(process), LogRules.For(process.Enclave, options.Verifier), TimeProvider.System,
        // A witness may still run the code before an upgrade, or already the code after it.
        witness => new CasWitness(
            witness, CasCode.With(replicas, vault!.Log.Code), process.Quotes, options.Verifier, TimeProvider.System), owners,
        new KeyFile(options.State, process.Enclave), options.ReportStep);
    watch = new StoreWatch(vault, text => Console.Error.WriteLine($"guardian-cas: {text}"));
    notifier = DenialNotifier.Open(options, vault.LogId, TimeProvider.System);
    var services = new CasServices(
        vault, options.Verifier, TimeProvider.System, replicas, onDenied: notifier is null ? null : notifier.Note);
    if (options.Find("provision") is { } address)
    {
        authority = await ProvisioningAuthority.OpenAsync(vault).ConfigureAwait(false);
        provisioning = ProvisioningServer.Start(
            HostOptions.ParseEndPoint(address), services.Admissions, authority, ReadUnnamed(options.Find("provision-unnamed")),
            reason => Console.Error.WriteLine($"guardian-cas: {reason}"));
        Console.WriteLine(options.Json
            ? $$"""{"event":"provisioning","address":"{{provisioning.Address}}"}"""
            : $"guardian-cas: provisioning for Gramine on {provisioning.Address}");
    }
    options.ReportStep("making its quote");
    var certificate = RaTlsCertificate.Create(process.Quotes, EvidenceContext.Cas(Convert.FromHexString(vault.LogId)));
    var metrics = new CasMetrics(vault, watch.Read, services.Workshop, notifier) { Requests = requests };
    return new EnclaveService(certificate, server => CasEndpoints.Map(server, services, metrics, limits, authority))
    {
        Connections = connections, Refuse = CasEndpoints.RefuseAsync,
    };
}

static AuditKey CreateAuditKey(EnclaveProcess process) =>
    new(StatementSigner.Create(process.Quotes, EvidenceContext.CasAudit));

// Ends when the owners have sent enough shares, and the store has a new key. The next start finds it, sealed.
EnclaveService Recover(HostOptions options, EnclaveProcess process)
{
    var rules = LogRules.For(process.Enclave, options.Verifier);
    KeyRecovery recovery;
    using (var rows = CasLaunch.OpenRows(options))
    {
        recovery = KeyRecovery.Open(rows, rules, TimeProvider.System);
    }
    return new EnclaveService(RaTlsCertificate.Create(process.Quotes, EvidenceContext.CasStarting), server =>
    {
        CasEndpoints.MapRecovery(server, recovery, rules.Code);
        _ = recovery.Key.ContinueWith(
            found =>
            {
                Rekey(options, process, rules, found.Result);
                server.Lifetime.StopApplication();
            },
            TaskScheduler.Default);
    })
    {
        Refuse = CasEndpoints.RefuseAsync,
    };
}

void Rekey(HostOptions options, EnclaveProcess process, LogRules rules, StoreKey old)
{
    try
    {
        using var rows = CasLaunch.OpenRows(options);
        using var audit = CreateAuditKey(process);
        Rekeying.Rekey(rows, old, audit, rules, TimeProvider.System, new KeyFile(options.State, process.Enclave)).Key.Dispose();
    }
    catch (Exception failure) when (failure is IOException or InvalidDataException)
    {
        // The store still has the former key, and its owners can try again.
        Console.Error.WriteLine($"guardian-cas: error: the store was not recovered: {failure.Message}");
        isRecoveryLost = true;
    }
    finally
    {
        old.Dispose();
    }
}

// For a backup: seals the key on this machine, which can then open copies of the database. Ends at once.
async Task<EnclaveService?> CopyKeyAsync(HostOptions options, EnclaveProcess process)
{
    if (options.Find("join") is null)
    {
        throw HostingReasons.RefuseInput("the key must come from a CAS that has it", "give its address: --join https://host:port");
    }
    var key = await CasLaunch.GetKeyAsync(options, process, rows: null, TimeProvider.System).ConfigureAwait(false);
    new KeyFile(options.State, process.Enclave).Keep(key);
    key.Key.Dispose();
    var certificate = RaTlsCertificate.Create(process.Quotes, EvidenceContext.CasStarting);
    return new EnclaveService(certificate, server => server.Lifetime.ApplicationStarted.Register(server.Lifetime.StopApplication));
}

// Examines the store offline, and prints one line of JSON.
EnclaveService? Examine(HostOptions options, EnclaveProcess process)
{
    var report = CasLaunch.Examine(options, process, TimeProvider.System);
    Console.WriteLine(JsonSerializer.Serialize(report, DoctorJson.Default.DoctorReport));
    isDamaged = !report.Healthy;
    return null;
}

// SESSION/SERVICE; the session's name may have slashes itself.
static ConfigurationRequest? ReadUnnamed(string? text) => text is null ? null
    : text.LastIndexOf('/') is > 0 and var slash && slash < text.Length - 1 ? new ConfigurationRequest(text[..slash], text[(slash + 1)..])
    : throw HostingReasons.RefuseInput($"'{text}' does not name a service", "--provision-unnamed takes SESSION/SERVICE");
