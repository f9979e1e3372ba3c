namespace Guardian.Cas.Client;

/// <summary>Part of the audit log.</summary>
/// <param name="Lines">Lines as they are kept: anyone can verify them.</param>
/// <param name="Details">For each line what it says, or null where the caller may not know.</param>
/// <param name="Head">The statement of where the log ends; JWS.</param>
public sealed record AuditPage(IReadOnlyList<string> Lines, IReadOnlyList<AuditDetailDescription?> Details, string Head);

/// <summary>Who did it to what.</summary>
public sealed record AuditDetailDescription(string Subject, string By, string Text);

/// <summary>Makes people the owners of a CAS.</summary>
/// <param name="Keys">SubjectPublicKeyInfo of P-256 keys, base64.</param>
/// <param name="Threshold">How many of them recover the store together.</param>
/// <param name="Witness">The CAS without whose word this one does nothing; null is none.</param>
public sealed record OwnersClaim(IReadOnlyList<string> Keys, int Threshold, WitnessDescription? Witness = null);

/// <summary>Another CAS that keeps how far a CAS's log has come.</summary>
/// <param name="Address"><c>https://host:port</c>, as the CAS that is witnessed reaches it.</param>
/// <param name="Session">A session there, one of whose services admits that CAS and has the tag <c>log</c>.</param>
public sealed record WitnessDescription(string Address, string Session);

/// <summary>Puts other people in the place of a CAS's owners. Signed are the bytes that are sent.</summary>
/// <param name="Predecessor">The <see cref="OwnersDescription.Hash"/> of the owners that it replaces: of this CAS, and once only.</param>
/// <param name="Keys">SubjectPublicKeyInfo of P-256 keys, base64: all owners from then on.</param>
/// <param name="Threshold">How many of them recover the store together, or change the owners again.</param>
/// <param name="Witness">The CAS without whose word this one does nothing from then on; null is none.</param>
public sealed record OwnersChange(string Predecessor, IReadOnlyList<string> Keys, int Threshold, WitnessDescription? Witness = null);

/// <summary>The owners of a CAS.</summary>
/// <param name="Keys">SHA-256 of each SubjectPublicKeyInfo, lower-case hex.</param>
/// <param name="Threshold">How many of them act together.</param>
/// <param name="Hash">Of them, of this CAS and of all owners before them, SHA-256 in lower-case hex; null when nobody has claimed it.</param>
/// <param name="Witness">The CAS without whose word this one does nothing; null is none.</param>
public sealed record OwnersDescription(IReadOnlyList<string> Keys, int Threshold, string? Hash, WitnessDescription? Witness = null);

/// <summary>A share of a store's key, encrypted to an owner.</summary>
/// <param name="Owner">SHA-256 of the owner's SubjectPublicKeyInfo, lower-case hex.</param>
/// <param name="X">Which share, from 1.</param>
/// <param name="Ephemeral">SubjectPublicKeyInfo of the sender's key.</param>
/// <param name="Sealed">Ciphertext and tag.</param>
/// <param name="Digest">SHA-256 of the share.</param>
public sealed record RecoveryShare(string Owner, int X, byte[] Ephemeral, byte[] Sealed, byte[] Digest);

/// <summary>All shares, as a CAS in recovery shows them.</summary>
public sealed record RecoveryDescription(int Threshold, IReadOnlyList<RecoveryShare> Shares);

/// <summary>An owner's decrypted share; sent only to a CAS that was verified.</summary>
public sealed record ShareGift(int X, byte[] Share);

/// <summary>How far a recovery is.</summary>
public sealed record RecoveryProgress(int Given, int Threshold, bool IsDone);

/// <summary>The store's key, from one CAS enclave to another.</summary>
/// <param name="Key">32 bytes, base64 on the wire.</param>
public sealed record StoreKeyDescription(byte[] Key);
