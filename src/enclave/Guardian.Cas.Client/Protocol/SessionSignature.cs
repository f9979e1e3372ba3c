using System.Diagnostics.CodeAnalysis;
using System.Text;
using Guardian.Attestation.Identity;

namespace Guardian.Cas.Client.Protocol;

/// <summary>The kind of document that a <see cref="SessionSignature"/> consents to.</summary>
public enum SignatureSubject
{
    /// <summary>A session.</summary>
    Session,

    /// <summary>An <see cref="OwnersChange"/>.</summary>
    Owners,

    /// <summary>An <see cref="UpgradeApproval"/>.</summary>
    Upgrade,

    /// <summary>A <see cref="SessionDeletion"/>.</summary>
    Deletion,

    /// <summary>The owners' rules for creators of sessions.</summary>
    Creation,

    /// <summary>A <see cref="SessionSubmission"/>.</summary>
    Submission,
}

/// <summary>
/// A person's signature of a session, of a change of owners, of an approval of code, of a deletion, of rules or of a submission. It
/// consents to exactly this document, and the document names the one that it replaces, or the CAS and its owners.
/// </summary>
/// <param name="Key">SubjectPublicKeyInfo of a P-256 key, base64.</param>
/// <param name="Signature">
/// ECDSA with SHA-256 over the ASCII text <c>guardian SUBJECT HASH</c> and a line feed; SUBJECT is <c>session</c>, <c>owners</c>,
/// <c>upgrade</c>, <c>deletion</c>, <c>creation</c> or <c>submission</c>; r and s, 64 bytes, base64.
/// </param>
public sealed record SessionSignature(string Key, string Signature)
{
    /// <summary>Signs a document.</summary>
    /// <param name="hash">SHA-256 of the document's bytes, 64 lower-case hex digits.</param>
    /// <param name="key">The signer's key.</param>
    /// <param name="subject">The kind of document.</param>
    /// <returns>The signature.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="key"/> is null.</exception>
    public static SessionSignature Create(string hash, IdentityKey key, SignatureSubject subject = SignatureSubject.Session)
    {
        ArgumentNullException.ThrowIfNull(key);
        return new SessionSignature(key.PublicKey, Convert.ToBase64String(key.Sign(Content(hash, subject))));
    }

    /// <summary>Reads <c>KEY SIGNATURE</c>, as <see cref="ToString"/> writes it. Does not verify the signature.</summary>
    /// <param name="text">The text; white space around it is ignored.</param>
    /// <param name="signature">The signature, or null when the text is not two words.</param>
    /// <returns>Whether the text is two words.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="text"/> is null.</exception>
    public static bool TryRead(string text, [NotNullWhen(true)] out SessionSignature? signature)
    {
        ArgumentNullException.ThrowIfNull(text);
        signature = text.Trim().Split(' ') is [var key, var value] ? new SessionSignature(key, value) : null;
        return signature is not null;
    }

    /// <summary>Verifies the signature. Never throws for any content of it.</summary>
    /// <param name="hash">SHA-256 of the document's bytes, 64 lower-case hex digits.</param>
    /// <param name="subject">The kind of document.</param>
    /// <returns>Whether <see cref="Key"/> signed that document.</returns>
    public bool IsOf(string hash, SignatureSubject subject = SignatureSubject.Session)
    {
        var (key, signature) = (new byte[256], new byte[256]);
        return Convert.TryFromBase64String(Key, key, out var keySize) && Convert.TryFromBase64String(Signature, signature, out var size)
            && IdentityKey.Verify(key.AsSpan(0, keySize), Content(hash, subject), signature.AsSpan(0, size));
    }

    /// <summary>Writes the signature on one line.</summary>
    /// <returns><c>KEY SIGNATURE</c></returns>
    public override string ToString() => $"{Key} {Signature}";

    private static byte[] Content(string hash, SignatureSubject subject) =>
        Encoding.ASCII.GetBytes($"guardian {WordOf(subject)} {hash}\n");

    private static string WordOf(SignatureSubject subject) => subject switch
    {
        SignatureSubject.Session => "session",
        SignatureSubject.Owners => "owners",
        SignatureSubject.Upgrade => "upgrade",
        SignatureSubject.Deletion => "deletion",
        SignatureSubject.Creation => "creation",
        SignatureSubject.Submission => "submission",
        _ => throw new ArgumentOutOfRangeException(nameof(subject)),
    };
}
