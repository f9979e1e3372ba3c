using System.Security.Cryptography;
using Guardian.Cas.Sessions;

namespace Guardian.Cas.Secrets;

/// <summary>A secret's value as placeholders and connections need it.</summary>
/// <param name="Bytes">The bytes; of keys PKCS#8 or SubjectPublicKeyInfo, of certificates DER, of tokens ASCII.</param>
/// <param name="Key">Of certificates: PKCS#8 of their key; may be absent of an imported authority.</param>
/// <param name="Issuers">Of certificates: those above, nearest first, without the one that issued itself.</param>
internal sealed record SecretValue(SecretKind Kind, byte[] Bytes, byte[]? Key, IReadOnlyList<byte[]> Issuers)
{
    /// <summary>PEM: of a key, or of a certificate <c>crt</c>, <c>chain</c> or <c>privatekey</c>.</summary>
    public string Pem(string format) => format switch
    {
        "privatekey" => Write("PRIVATE KEY", Key ?? []),
        "chain" => Write("CERTIFICATE", Bytes) + string.Concat(Issuers.Select(issuer => Write("CERTIFICATE", issuer))),
        "crt" => Write("CERTIFICATE", Bytes),
        _ => Write(Kind == SecretKind.PrivateKey ? "PRIVATE KEY" : "PUBLIC KEY", Bytes),
    };

    private static string Write(string label, byte[] der) => PemEncoding.WriteString(label, der) + "\n";
}
