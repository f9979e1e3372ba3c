namespace Guardian.Attestation.Evidence;

/// <summary>The purpose of the key that a quote names (docs/spec/evidence.md).</summary>
public enum EvidenceRole
{
    /// <summary>A CAS serves its clients. Context: the CAS's identity.</summary>
    Cas,

    /// <summary>A CAS that does not serve yet asks for its store's key, or waits for its owners' shares. Context: none.</summary>
    CasStarting,

    /// <summary>A CAS signs statements about its audit log. Context: none, because each statement names its log.</summary>
    CasAudit,

    /// <summary>A CAS keeps the mark of its log at another CAS. Context: that CAS's identity, and the session there.</summary>
    CasWitnessed,

    /// <summary>A runtime starts a service of a session. Context: the identity of the CAS, the session's name, the service's
    /// name.</summary>
    RuntimeLaunch,

    /// <summary>The enclave that serves a clean room. Context: the contract's hash.</summary>
    RoomLead,

    /// <summary>An enclave that computes for the one that serves a clean room. Context: the contract's hash.</summary>
    RoomShard,

    /// <summary>A clean room signs its statements. Context: the contract's hash.</summary>
    RoomStatement,
}
