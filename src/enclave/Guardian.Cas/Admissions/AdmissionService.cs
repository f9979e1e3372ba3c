using Guardian.Attestation.Evidence;
using Guardian.Attestation.Policy;
using Guardian.Attestation.RaTls;
using Guardian.Cas.Callers;
using Guardian.Cas.Client.Protocol;
using Guardian.Cas.Client.Sessions;
using Guardian.Cas.Secrets;
using Guardian.Cas.Sessions;
using Guardian.Cas.Store;
using Guardian.Cas.Workloads;
using Guardian.Refusals;

namespace Guardian.Cas.Admissions;

/// <summary>Admits enclaves to the services of sessions, and keeps their freshness tags. Thread-safe.</summary>
/// <param name="onDenied">Called with session and service for each verified enclave that is not admitted; null for nothing.</param>
internal sealed class AdmissionService(
    Vault vault, CallerVerifier callers, SecretRenewal renewal, TimeProvider time, Action<string, string>? onDenied = null)
{
    private const string BadWorkloadKey = "the key of a workload certificate is a P-256 SubjectPublicKeyInfo";

    /// <summary>Gives a service its startup configuration if its quote satisfies the session, and is for the start of this
    /// service.</summary>
    /// <param name="certificate">The caller's TLS certificate, DER.</param>
    /// <exception cref="OperationCanceledException">The caller has gone.</exception>
    public async Task<Outcome<StartupConfiguration>> ConfigureAsync(
        ConfigurationRequest request, ReadOnlyMemory<byte> certificate, CallSource source = default)
    {
        if (request.WorkloadKey is { } key && !WorkloadAuthority.IsAcceptable(key))
        {
            return CasReasons.Invalid.Because(BadWorkloadKey);
        }
        var (peer, refusal) = VerifyLaunch(request, certificate);
        if (peer is null)
        {
            return refusal!;
        }
        (var admission, refusal) = await AdmitAsync(request, peer, source).ConfigureAwait(false);
        return admission is null ? refusal! : admission.Configure(request.WorkloadKey, time.GetUtcNow());
    }

    /// <summary>Gives a service a new workload certificate if its session would still admit it.</summary>
    /// <param name="certificate">The caller's TLS certificate, DER.</param>
    public async Task<Outcome<WorkloadConfiguration>> RenewWorkloadAsync(ConfigurationRequest request, ReadOnlyMemory<byte> certificate)
    {
        if (request.WorkloadKey is not { } key || !WorkloadAuthority.IsAcceptable(key))
        {
            return CasReasons.Invalid.Because(BadWorkloadKey);
        }
        var (peer, refusal) = VerifyLaunch(request, certificate);
        if (peer is null)
        {
            return refusal!;
        }
        return await vault.TryRunAsync<WorkloadConfiguration>(transaction =>
        {
            if (transaction.FindSession(request.Session) is not { } state || state.FindService(request.Service) is not { } service)
            {
                return NoService(request);
            }
            if (PinCheck.Compare(transaction.Log, state.Document.Cas) is { } other)
            {
                return other;
            }
            if (service.Policy.Appraise(peer.Quote).Refusal is not null || StartCheck.FindFaults(service, request).Any()
                || (service.IsSingleton && !transaction.IsInstance(request.Session, request.Service, request.Replica, peer)))
            {
                return CasReasons.Denied.Because(
                    $"the caller's enclave is no longer the service '{request.Session}/{request.Service}': "
                    + "the session or the platform changed, or another enclave was admitted since");
            }
            var authority = WorkloadAuthority.FindOrCreate(transaction);
            transaction.Audit(
                "workload-renewed", $"{request.Session}/{request.Service}", $"mrenclave {peer.Quote.Report.MrEnclave}",
                $"session hash {state.Document.Hash}");
            return authority.Issue(
                state.Document, service, StartCheck.FindProgram(service, request.Program), key, time.GetUtcNow());
        }).ConfigureAwait(false);
    }

    /// <summary>Gives a service the one secret of Gramine's secret provisioning if its quote satisfies the session.</summary>
    /// <param name="certificate">The caller's TLS certificate, DER.</param>
    /// <returns>The secret. Text ends with NUL, as Gramine's client expects.</returns>
    public async Task<Outcome<byte[]>> ProvisionAsync(
        ConfigurationRequest request, ReadOnlyMemory<byte> certificate, CallSource source = default)
    {
        var (peer, refusal) = callers.Verify(certificate);
        if (peer is null)
        {
            return refusal!;
        }
        if (peer.Context is { } role)
        {
            return CasReasons.Denied.Because($"Gramine's own evidence has no role; the caller's is for '{role}'");
        }
        (var admission, refusal) = await AdmitAsync(request, peer, source).ConfigureAwait(false);
        if (admission is null)
        {
            return refusal!;
        }
        if (admission.Service.ProvisionedSecret is not { } name)
        {
            return CasReasons.NotFound.Because(
                $"'{request.Session}/{request.Service}' has no 'secret_provisioning'; name the secret that it gets");
        }
        var value = admission.FindValue(name, isPrevious: false, time.GetUtcNow())!;
        return value.Kind is SecretKind.Ascii or SecretKind.Text or SecretKind.Jwt ? [.. value.Bytes, 0] : value.Bytes;
    }

    /// <summary>Reads a tag: of a volume of the session, or one that the session names.</summary>
    /// <param name="certificate">The caller's TLS certificate, DER.</param>
    public async Task<Outcome<TagDescription>> ReadTagAsync(string session, string name, ReadOnlyMemory<byte> certificate)
    {
        var (peer, refusal) = callers.VerifyOrRecall(certificate);
        if (peer is null)
        {
            return refusal!;
        }
        return await vault.TryRunAsync<TagDescription>(transaction =>
        {
            var (row, refusal) = TagTable.FindRow(transaction, session, name, peer);
            return row is null ? refusal! : new TagDescription(session, name, transaction.FindTag(row));
        }).ConfigureAwait(false);
    }

    /// <summary>Moves a tag if it is what the caller expects.</summary>
    /// <param name="certificate">The caller's TLS certificate, DER.</param>
    public async Task<Outcome<TagOutcome>> SetTagAsync(TagChange change, ReadOnlyMemory<byte> certificate)
    {
        if (change.Next.Length != TagTable.TagSize || change.Expected is { Length: not TagTable.TagSize })
        {
            return CasReasons.Invalid.Because($"a tag has {TagTable.TagSize} bytes");
        }
        var (peer, refusal) = callers.VerifyOrRecall(certificate);
        if (peer is null)
        {
            return refusal!;
        }
        return await vault.TryRunAsync<TagOutcome>(transaction =>
        {
            var (row, refusal) = TagTable.FindRow(transaction, change.Session, change.Name, peer);
            if (row is null)
            {
                return refusal!;
            }
            var current = transaction.FindTag(row);
            if (!current.AsSpan().SequenceEqual(change.Expected))
            {
                return new TagOutcome(false, current);
            }
            transaction.PutTag(row, change.Next);
            transaction.Audit("tag-moved", row.Replace('\n', '/'), peer.Quote.Report.MrEnclave.ToString());
            return new TagOutcome(true, change.Next);
        }).ConfigureAwait(false);
    }

    // The evidence says for which start of which service the caller's key is. Another program in the same runtime has no such key.
    private Outcome<RaTlsPeer> VerifyLaunch(ConfigurationRequest request, ReadOnlyMemory<byte> certificate)
    {
        var (peer, refusal) = callers.Verify(certificate);
        if (peer is null)
        {
            return refusal!;
        }
        return ExpectedEvidence.RuntimeLaunch(vault.LogId, request.Session, request.Service).FindFault(peer.Context) is { } fault
            ? CasReasons.Denied.Because($"the caller's evidence is {fault}")
            : peer;
    }

    private async Task<Outcome<Admission>> AdmitAsync(ConfigurationRequest request, RaTlsPeer peer, CallSource source)
    {
        while (true)
        {
            var due = new List<SessionState>();
            var outcome = await vault.TryRunAsync<Admission>(transaction => Admit(transaction, request, peer, due)).ConfigureAwait(false);
            if (due.Count == 0)
            {
                if (outcome.Refusal?.Reason == CasReasons.Denied)
                {
                    onDenied?.Invoke(request.Session, request.Service);
                }
                return outcome;
            }
            foreach (var state in due)
            {
                var renewed = await renewal.RenewAsync(state, source).ConfigureAwait(false);
                if (renewed.Refusal is not null)
                {
                    return renewed.Refusal;
                }
            }
        }
    }

    private static Refusal NoService(ConfigurationRequest request) =>
        CasReasons.NotFound.Because($"there is no service '{request.Service}' in a session '{request.Session}'");

    /// <param name="due">Receives the sessions whose secrets must be renewed before the service is admitted.</param>
    private Outcome<Admission> Admit(
        VaultTransaction transaction, ConfigurationRequest request, RaTlsPeer peer, List<SessionState> due)
    {
        if (transaction.FindSession(request.Session) is not { } state || state.FindService(request.Service) is not { } service)
        {
            return NoService(request);
        }
        if (PinCheck.Compare(transaction.Log, state.Document.Cas) is { } other)
        {
            return other;
        }
        var subject = $"{request.Session}/{request.Service}";
        var by = $"mrenclave {peer.Quote.Report.MrEnclave}";
        if (FindFaults(transaction, state, service, request, peer) is { Count: > 0 } faults)
        {
            // The store keeps this entry although the call is refused.
            transaction.Audit("service-denied", subject, by, string.Join("; ", faults));
            return CasReasons.Denied.Because($"the caller's enclave is not admitted to '{subject}'") with { Problems = faults };
        }
        var (admission, refusal) = Admission.Create(transaction, state, service, request);
        if (admission is null)
        {
            return refusal!;
        }
        due.AddRange(admission.Sessions.Where(renewal.IsDue));
        if (due.Count > 0)
        {
            // A refusal undoes everything: a singleton that was noted now would be known when it is admitted.
            return CasReasons.Busy.Because("secrets are due");
        }
        if (service.IsSingleton)
        {
            transaction.PutInstance(request.Session, request.Service, request.Replica, peer);
        }
        StartTable.Count(transaction, request.Session, service, request.StartToken, time.GetUtcNow());
        transaction.Audit("service-admitted", subject, by, $"session hash {state.Document.Hash}");
        return admission;
    }

    private List<string> FindFaults(
        VaultTransaction transaction, SessionState state, SessionService service, ConfigurationRequest request, RaTlsPeer peer)
    {
        var appraisal = service.Policy.Appraise(peer.Quote);
        if (!appraisal.IsAccepted)
        {
            return [.. appraisal.Checks.Where(check => !check.Passed).Select(check => check.ToString())];
        }
        var faults = StartCheck.FindFaults(service, request)
            .Concat(SetValues.FindMissing(state, service))
            .Concat(StartTable.FindFaults(transaction, state.Document.Name, service, request.StartToken, time.GetUtcNow())).ToList();
        if (service.IsSingleton && transaction.IsInstance(state.Document.Name, service.Name, request.Replica, peer))
        {
            faults.Add("singleton: found an enclave that was admitted before; accepted one that starts anew");
        }
        return faults;
    }
}
