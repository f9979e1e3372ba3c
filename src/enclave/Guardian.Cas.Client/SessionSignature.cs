using System.Diagnostics.CodeAnalysis;
using System.Text;
using Guardian.Attestation.Identity;

namespace Guardian.Cas.Client;

/// <summary>What a <see cref="SessionSignature"/> consents to.</summary>
public enum SignatureSubject
{
    /// <summary>A session.</summary>
    Session,

    /// <summary>An <see cref="OwnersChange"/>.</summary>
    Owners,
}

/// <summary>A person's signature of a session or of a change of owners: consent to exactly this document, which names what it replaces.</summary>
/// <param name="Key">SubjectPublicKeyInfo of a P-256 key, base64.</param>
/// <param name="Signature">ECDSA with SHA-256 over the text <c>guardian session HASH</c>, or <c>guardian owners HASH</c>, and a line feed; r and s, base64.</param>
public sealed record SessionSignature(string Key, string Signature)
{
    /// <summary>Signs a document.</summary>
    /// <param name="hash">SHA-256 of its bytes, lower-case hex.</param>
    public static SessionSignature Create(string hash, IdentityKey key, SignatureSubject subject = SignatureSubject.Session)
    {
        ArgumentNullException.ThrowIfNull(key);
        return new SessionSignature(key.PublicKey, Convert.ToBase64String(key.Sign(Content(hash, subject))));
    }

    /// <summary>Reads <c>KEY SIGNATURE</c>, as <see cref="ToString"/> writes it.</summary>
    public static bool TryRead(string text, [NotNullWhen(true)] out SessionSignature? signature)
    {
        ArgumentNullException.ThrowIfNull(text);
        signature = text.Trim().Split(' ') is [var key, var value] ? new SessionSignature(key, value) : null;
        return signature is not null;
    }

    /// <summary>Whether the key signed the document with that hash. Never throws for any content.</summary>
    public bool IsOf(string hash, SignatureSubject subject = SignatureSubject.Session)
    {
        var (key, signature) = (new byte[256], new byte[256]);
        return Convert.TryFromBase64String(Key, key, out var keySize) && Convert.TryFromBase64String(Signature, signature, out var size)
            && IdentityKey.Verify(key.AsSpan(0, keySize), Content(hash, subject), signature.AsSpan(0, size));
    }

    /// <returns><c>KEY SIGNATURE</c></returns>
    public override string ToString() => $"{Key} {Signature}";

    private static byte[] Content(string hash, SignatureSubject subject) =>
        Encoding.ASCII.GetBytes($"guardian {(subject == SignatureSubject.Owners ? "owners" : "session")} {hash}\n");
}
