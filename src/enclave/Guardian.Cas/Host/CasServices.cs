using Guardian.Attestation.Policy;
using Guardian.Attestation.Verification;
using Guardian.Cas.Admissions;
using Guardian.Cas.Audit;
using Guardian.Cas.Callers;
using Guardian.Cas.Owners;
using Guardian.Cas.Sessions;
using Guardian.Cas.Store;

namespace Guardian.Cas.Host;

/// <summary>The services of a CAS on one store. Thread-safe.</summary>
internal sealed class CasServices
{
    /// <param name="vault">The store.</param>
    /// <param name="verifier">Verifies the evidence of calling enclaves.</param>
    /// <param name="time">The clock.</param>
    /// <param name="replicas">The enclaves that are this CAS as well and may have the store's key; null for none.</param>
    /// <param name="onDenied">Called with session and service for each verified enclave that is not admitted; null for nothing.</param>
    public CasServices(Vault vault, EvidenceVerifier verifier, TimeProvider time, AttestationPolicy? replicas = null,
        Action<string, string>? onDenied = null)
    {
        var callers = new CallerVerifier(verifier, time);
        Vault = vault;
        Sessions = new SessionRegistry(vault, time);
        Secrets = new SecretRegistry(vault, time);
        StartTokens = new StartTokens(vault, time);
        Admissions = new AdmissionService(vault, callers, time, onDenied);
        Owners = new OwnerRegistry(vault, callers, replicas);
        Audit = new AuditReader(vault, time);
    }

    /// <summary>The store.</summary>
    public Vault Vault { get; }

    /// <summary>Sessions, for people.</summary>
    public SessionRegistry Sessions { get; }

    /// <summary>Values that people set and read.</summary>
    public SecretRegistry Secrets { get; }

    /// <summary>Tokens that admit one start each.</summary>
    public StartTokens StartTokens { get; }

    /// <summary>Startup configurations and freshness tags, for enclaves.</summary>
    public AdmissionService Admissions { get; }

    /// <summary>The owners of the CAS.</summary>
    public OwnerRegistry Owners { get; }

    /// <summary>The audit log.</summary>
    public AuditReader Audit { get; }
}
