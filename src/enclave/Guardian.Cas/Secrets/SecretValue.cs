using System.Security.Cryptography;
using Guardian.Cas.Client.Sessions;

namespace Guardian.Cas.Secrets;

/// <summary>The value of a secret, for placeholders and connections.</summary>
/// <param name="Bytes">The bytes: PKCS#8 or SubjectPublicKeyInfo of a key, DER of a certificate, ASCII of a token.</param>
/// <param name="Key">PKCS#8 of a certificate's key, else null.</param>
/// <param name="Issuers">The issuers of a certificate, DER, nearest first, without the self-signed one.</param>
internal sealed record SecretValue(SecretKind Kind, byte[] Bytes, byte[]? Key, IReadOnlyList<byte[]> Issuers)
{
    /// <summary>Writes PEM: a key, or of a certificate <c>crt</c>, <c>chain</c> or <c>privatekey</c>.</summary>
    public string ToPem(string format) => format switch
    {
        "privatekey" => Write("PRIVATE KEY", Key ?? []),
        "chain" => Write("CERTIFICATE", Bytes) + string.Concat(Issuers.Select(issuer => Write("CERTIFICATE", issuer))),
        "crt" => Write("CERTIFICATE", Bytes),
        _ => Write(Kind == SecretKind.PrivateKey ? "PRIVATE KEY" : "PUBLIC KEY", Bytes),
    };

    private static string Write(string label, byte[] der) => PemEncoding.WriteString(label, der) + "\n";
}
