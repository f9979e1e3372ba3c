using Guardian.Attestation.Policy;
using Guardian.Attestation.Verification;
using Guardian.Cas.Admissions;
using Guardian.Cas.Audit;
using Guardian.Cas.Callers;
using Guardian.Cas.Owners;
using Guardian.Cas.Secrets;
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
    /// <param name="forge">Draws keys; null for one of its own.</param>
    /// <param name="onDenied">Called with session and service for each verified enclave that is not admitted; null for nothing.</param>
    public CasServices(
        Vault vault, EvidenceVerifier verifier, TimeProvider time, AttestationPolicy? replicas = null, KeyForge? forge = null,
        Action<string, string>? onDenied = null)
    {
        var callers = new CallerVerifier(verifier, time);
        var workshop = new SecretWorkshop(forge ?? new KeyForge(), new KeyBudget(time), time);
        Vault = vault;
        Workshop = workshop;
        Sessions = new SessionRegistry(vault, new SessionMaker(workshop), time);
        Removal = new SessionRemoval(vault);
        History = new SessionHistory(vault);
        Creation = new CreationRegistry(vault);
        Secrets = new SecretRegistry(vault, time);
        StartTokens = new StartTokens(vault, time);
        Admissions = new AdmissionService(vault, callers, new SecretRenewal(vault, workshop, time), time, onDenied);
        Owners = new OwnerRegistry(vault, callers, replicas);
        Audit = new AuditReader(vault, time);
    }

    /// <summary>The store.</summary>
    public Vault Vault { get; }

    /// <summary>Makes the secrets of sessions.</summary>
    public SecretWorkshop Workshop { get; }

    /// <summary>Sessions, for people.</summary>
    public SessionRegistry Sessions { get; }

    /// <summary>Deletes sessions.</summary>
    public SessionRemoval Removal { get; }

    /// <summary>Former texts of sessions.</summary>
    public SessionHistory History { get; }

    /// <summary>The owners' rules for creators of sessions.</summary>
    public CreationRegistry Creation { get; }

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
