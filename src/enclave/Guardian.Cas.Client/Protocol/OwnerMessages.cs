using System.Text.Json;

namespace Guardian.Cas.Client.Protocol;

/// <summary>Claims a CAS for its first owners.</summary>
/// <param name="Keys">SubjectPublicKeyInfo of each owner's P-256 key, base64; 1 to 32 different keys.</param>
/// <param name="Threshold">How many owners recover the store together, 1 to the number of keys.</param>
/// <param name="Witness">The CAS that must confirm each change of this one; null for none.</param>
public sealed record OwnersClaim(IReadOnlyList<string> Keys, int Threshold, WitnessDescription? Witness = null);

/// <summary>Another CAS that remembers how far the audit log of a CAS has come.</summary>
/// <param name="Address"><c>https://host:port</c>, as the witnessed CAS reaches it.</param>
/// <param name="Session">A session there; one of its services admits the witnessed CAS and has the tag <c>log</c>.</param>
/// <param name="Identity">
/// The identity of the witness, 64 lower-case hex digits. A host that directs the address to a CAS of its own gains nothing.
/// </param>
public sealed record WitnessDescription(string Address, string Session, string Identity);

/// <summary>Replaces the owners of a CAS. Owners sign the bytes of <see cref="ToBytes"/>.</summary>
/// <param name="Predecessor">The <see cref="OwnersDescription.Hash"/> of the owners that it replaces: this CAS, and once only.</param>
/// <param name="Keys">SubjectPublicKeyInfo of each new owner's P-256 key, base64; 1 to 32 different keys.</param>
/// <param name="Threshold">How many of the new owners recover the store together, or change the owners again.</param>
/// <param name="Witness">The CAS that must confirm each later change of this one; null for none.</param>
public sealed record OwnersChange(string Predecessor, IReadOnlyList<string> Keys, int Threshold, WitnessDescription? Witness = null)
{
    /// <summary>Writes the change as it is signed and sent.</summary>
    /// <returns>JSON, UTF-8.</returns>
    public byte[] ToBytes() => JsonSerializer.SerializeToUtf8Bytes(this, CasJson.Default.OwnersChange);

    /// <summary>Reads a change. Never throws for any content.</summary>
    /// <param name="utf8">JSON as <see cref="ToBytes"/> wrote it.</param>
    /// <returns>The change, or null when the bytes are not one.</returns>
    public static OwnersChange? TryRead(ReadOnlySpan<byte> utf8)
    {
        try
        {
            return JsonSerializer.Deserialize(utf8, CasJson.Default.OwnersChange);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}

/// <summary>Approves code of a CAS, which may then have the key of its store. Owners sign the bytes of <see cref="ToBytes"/>.</summary>
/// <param name="Identity">The identity of the CAS: SHA-256 of the first line of its log, lower-case hex.</param>
/// <param name="Owners">The <see cref="OwnersDescription.Hash"/> of the present owners.</param>
/// <param name="MrEnclave">MRENCLAVE of the code, 64 lower-case hex digits.</param>
public sealed record UpgradeApproval(string Identity, string Owners, string MrEnclave)
{
    /// <summary>Writes the approval as it is signed and sent.</summary>
    /// <returns>JSON, UTF-8.</returns>
    public byte[] ToBytes() => JsonSerializer.SerializeToUtf8Bytes(this, CasJson.Default.UpgradeApproval);

    /// <summary>Reads an approval. Never throws for any content.</summary>
    /// <param name="utf8">JSON as <see cref="ToBytes"/> wrote it.</param>
    /// <returns>The approval, or null when the bytes are not one.</returns>
    public static UpgradeApproval? TryRead(ReadOnlySpan<byte> utf8)
    {
        try
        {
            return JsonSerializer.Deserialize(utf8, CasJson.Default.UpgradeApproval);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}

/// <summary>The facts by which people recognise a CAS, besides the code that answers.</summary>
/// <param name="Identity">SHA-256 of the first line of its log, lower-case hex. No other CAS has it.</param>
/// <param name="Origin">
/// How the answering enclave came by the key of the store: <c>made</c>, <c>joined</c>, <c>upgraded</c> or <c>recovered</c>.
/// </param>
/// <param name="Line">The line of the log that notes this.</param>
/// <param name="Code">MRENCLAVE of all code that may have the key: of the first line, and then in the order of approval.</param>
/// <param name="Owners">The present owners.</param>
/// <param name="Former">Hashes of the keys of former owners, to whom shares of the present key were dealt.</param>
public sealed record CasIdentity(
    string Identity, string Origin, long Line, IReadOnlyList<string> Code, OwnersDescription Owners, IReadOnlyList<string> Former);

/// <summary>The owners of a CAS.</summary>
/// <param name="Keys">SHA-256 of each owner's SubjectPublicKeyInfo, lower-case hex; empty when the CAS has no owners.</param>
/// <param name="Threshold">How many of them act together.</param>
/// <param name="Hash">
/// SHA-256, lower-case hex, over these owners, the CAS and all owners before them; null when the CAS has no owners.
/// </param>
/// <param name="Witness">The CAS that must confirm each change of this one; null for none.</param>
public sealed record OwnersDescription(IReadOnlyList<string> Keys, int Threshold, string? Hash, WitnessDescription? Witness = null);

/// <summary>A share of a store's key, encrypted to an owner.</summary>
/// <param name="Owner">SHA-256 of the owner's SubjectPublicKeyInfo, lower-case hex.</param>
/// <param name="X">The number of the share, from 1.</param>
/// <param name="Ephemeral">SubjectPublicKeyInfo of the key that was made to encrypt the share, DER.</param>
/// <param name="Sealed">Ciphertext, as long as the share, followed by a tag of 16 bytes.</param>
/// <param name="Digest">SHA-256 of the share, 32 bytes.</param>
public sealed record RecoveryShare(string Owner, int X, byte[] Ephemeral, byte[] Sealed, byte[] Digest);

/// <summary>All encrypted shares of a store's key. The audit log carries the hash of this document.</summary>
/// <param name="Commitment">Names the key, 32 bytes. A share decrypts only with it.</param>
/// <param name="Threshold">How many shares recover the key.</param>
/// <param name="Shares">One share for each owner.</param>
public sealed record RecoveryDescription(byte[] Commitment, int Threshold, IReadOnlyList<RecoveryShare> Shares);

/// <summary>A decrypted share. Its owner sends it to nobody but a verified CAS.</summary>
/// <param name="X">The number of the share, from 1.</param>
/// <param name="Share">The share, 32 bytes; base64 on the wire.</param>
public sealed record OpenedShare(int X, byte[] Share);

/// <summary>The progress of a recovery.</summary>
/// <param name="Given">How many different shares the CAS has.</param>
/// <param name="Threshold">How many it needs.</param>
/// <param name="IsDone">Whether the CAS has its key again.</param>
public sealed record RecoveryProgress(int Given, int Threshold, bool IsDone);
