using System.Formats.Asn1;
using System.Numerics;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;

namespace Guardian.Attestation.Tests.Synthetic;

/// <summary>A certificate before its signature.</summary>
internal sealed class CertificateShape(string name, ECDsa key)
{
    private string? pem;

    public string Name { get; set; } = name;

    public ECDsa Key { get; set; } = key;

    public bool IsAuthority { get; set; }

    public X509KeyUsageFlags? Usage { get; set; }

    /// <summary>The issuer; null makes a self-signed certificate.</summary>
    public CertificateShape? Issuer { get; set; }

    /// <summary>The key that signs in the issuer's place.</summary>
    public ECDsa? SignedBy { get; set; }

    public DateTimeOffset NotBefore { get; set; } = new(2024, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public DateTimeOffset NotAfter { get; set; } = new(2034, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public Dictionary<string, byte[]> Extensions { get; } = [];

    public bool AreExtensionsCritical { get; set; }

    public HashAlgorithmName Hash { get; set; } = HashAlgorithmName.SHA256;

    public byte[] SerialNumber { get; } = [0x11, .. RandomNumberGenerator.GetBytes(15)];

    public X500DistinguishedName Subject => new($"CN={Name}, O=Guardian tests, C=XX");

    /// <summary>Signs the certificate once and returns it at every call, because signatures differ.</summary>
    public string Pem()
    {
        if (pem is not null)
        {
            return pem;
        }
        var request = new CertificateRequest(Subject, Key, Hash);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(IsAuthority, false, 0, critical: true));
        var usual = IsAuthority
            ? X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign
            : X509KeyUsageFlags.DigitalSignature | X509KeyUsageFlags.NonRepudiation;
        request.CertificateExtensions.Add(new X509KeyUsageExtension(Usage ?? usual, critical: true));
        foreach (var (oid, value) in Extensions)
        {
            request.CertificateExtensions.Add(new X509Extension(new Oid(oid), value, AreExtensionsCritical));
        }
        using var certificate = request.Create(
            (Issuer ?? this).Subject, X509SignatureGenerator.CreateForECDsa(SignedBy ?? (Issuer ?? this).Key), NotBefore, NotAfter,
            SerialNumber);
        return pem = certificate.ExportCertificatePem() + "\n";
    }
}

/// <summary>A revocation list before its signature.</summary>
internal sealed class ListShape(CertificateShape issuer)
{
    public CertificateShape Issuer { get; set; } = issuer;

    public ECDsa? SignedBy { get; set; }

    public DateTimeOffset ThisUpdate { get; set; } = new(2026, 5, 20, 0, 0, 0, TimeSpan.Zero);

    public DateTimeOffset NextUpdate { get; set; } = new(2026, 6, 19, 0, 0, 0, TimeSpan.Zero);

    public BigInteger Number { get; set; } = BigInteger.One;

    public List<CertificateShape> Revoked { get; } = [];

    /// <summary>Whether the collateral has no list.</summary>
    public bool IsAbsent { get; set; }

    public Func<byte[], byte[]>? Damage { get; set; }

    public byte[] Sign()
    {
        if (IsAbsent)
        {
            return [];
        }
        var builder = new CertificateRevocationListBuilder();
        Revoked.ForEach(each => builder.AddEntry(each.SerialNumber, ThisUpdate));
        var list = builder.Build(
            Issuer.Subject, X509SignatureGenerator.CreateForECDsa(SignedBy ?? Issuer.Key), Number, NextUpdate,
            HashAlgorithmName.SHA256,
            X509AuthorityKeyIdentifierExtension.CreateFromSubjectKeyIdentifier(new byte[20]), ThisUpdate);
        return Damage?.Invoke(list) ?? list;
    }
}

/// <summary>A JSON document before its signature.</summary>
internal sealed class DocumentShape(string member, CertificateShape signer, JsonObject content)
{
    public JsonObject Content { get; } = content;

    public ECDsa? SignedBy { get; set; }

    /// <summary>Changes the text after the signature.</summary>
    public Func<string, string>? Damage { get; set; }

    /// <summary>Changes the text of the inner object before the signature.</summary>
    public Func<string, string>? Write { get; set; }

    public byte[] Sign()
    {
        var text = Content.ToJsonString();
        text = Write?.Invoke(text) ?? text;
        var signature = Convert.ToHexStringLower((SignedBy ?? signer.Key).SignData(Encoding.UTF8.GetBytes(text), HashAlgorithmName.SHA256));
        var whole = $$"""{"{{member}}":{{text}},"signature":"{{signature}}"}""";
        return Encoding.UTF8.GetBytes(Damage?.Invoke(whole) ?? whole);
    }
}

/// <summary>Intel's SGX extension of a PCK certificate.</summary>
internal sealed record PckFields(byte[] Components, int PceSvn, byte[] Fmspc, byte[] PceId)
{
    public const string Oid = "1.2.840.113741.1.13.1";

    public string? Omitted { get; init; }

    public byte[] Write()
    {
        var writer = new AsnWriter(AsnEncodingRules.DER);
        using (writer.PushSequence())
        {
            Field(writer, "1", () => writer.WriteOctetString(new byte[16]));
            Field(writer, "2", () =>
            {
                using (writer.PushSequence())
                {
                    for (var i = 0; i < 16; i++)
                    {
                        Field(writer, $"2.{i + 1}", () => writer.WriteInteger(Components[i]));
                    }
                    Field(writer, "2.17", () => writer.WriteInteger(PceSvn));
                    Field(writer, "2.18", () => writer.WriteOctetString(Components));
                }
            });
            Field(writer, "3", () => writer.WriteOctetString(PceId));
            Field(writer, "4", () => writer.WriteOctetString(Fmspc));
            Field(writer, "5", () => writer.WriteEncodedValue([0x0A, 0x01, 0x01]));
        }
        return writer.Encode();
    }

    private void Field(AsnWriter writer, string number, Action value)
    {
        if (number == Omitted)
        {
            return;
        }
        using (writer.PushSequence())
        {
            writer.WriteObjectIdentifier($"{Oid}.{number}");
            value();
        }
    }
}
