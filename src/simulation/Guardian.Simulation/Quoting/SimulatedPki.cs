using System.Formats.Asn1;
using System.Globalization;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Guardian.Attestation.Pki;

namespace Guardian.Simulation.Quoting;

/// <summary>
/// Certificates of simulated machines, shaped as Intel's. The root's private key is derived from the sentence below and is public on
/// purpose: anyone can forge a simulated quote. Therefore a policy accepts the simulated platform only if it names it
/// (docs/decisions/0001).
/// </summary>
internal static class SimulatedPki
{
    public const string RootName = "Guardian Simulated SGX Root CA";

    private const string ProcessorCaName = "Guardian Simulated SGX PCK Processor CA";
    private const string LeafName = "Guardian Simulated SGX PCK Certificate";
    private const string RootKeySentence = "Guardian Simulated SGX Root CA: this key is public, trust nothing because of it";
    private const string ProcessorCaKeySentence =
        "Guardian Simulated SGX PCK Processor CA: this key is public, trust nothing because of it";

    // Intel's own root ends at the same instant.
    private static readonly DateTimeOffset NotBefore = new(2024, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly DateTimeOffset NotAfter = new(2049, 12, 31, 23, 59, 59, TimeSpan.Zero);

    /// <summary>The root's public key, x and y.</summary>
    public static ReadOnlyMemory<byte> RootKey { get; } = ExportPublic(RootKeySentence);

    /// <summary>Provisions a machine: makes its PCK key and the chain that certifies it, in one PEM text.</summary>
    /// <param name="ppid">16 bytes that name the platform.</param>
    /// <param name="cpuSvn">16 bytes; also the security versions of the TCB components.</param>
    public static string Provision(ReadOnlySpan<byte> ppid, ReadOnlySpan<byte> cpuSvn)
    {
        using var rootKey = DeriveKey(RootKeySentence);
        using var authorityKey = DeriveKey(ProcessorCaKeySentence);
        using var pckKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);

        var rootRequest = AuthorityRequest(RootName, rootKey, 1);
        using var root = rootRequest.CreateSelfSigned(NotBefore, NotAfter);
        using var authority = AuthorityRequest(ProcessorCaName, authorityKey, 0).Create(root, NotBefore, NotAfter, SerialNumber());

        var leafRequest = new CertificateRequest(Name(LeafName), pckKey, HashAlgorithmName.SHA256);
        leafRequest.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, true));
        leafRequest.CertificateExtensions.Add(
            new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature | X509KeyUsageFlags.NonRepudiation, true));
        leafRequest.CertificateExtensions.Add(new X509Extension(new Oid(PckExtension.Oid), WriteExtension(ppid, cpuSvn), false));
        using var leaf = leafRequest.Create(
            authority.SubjectName, X509SignatureGenerator.CreateForECDsa(authorityKey), NotBefore, NotAfter, SerialNumber());

        return string.Join(
            '\n', pckKey.ExportPkcs8PrivateKeyPem(), leaf.ExportCertificatePem(), authority.ExportCertificatePem(),
            root.ExportCertificatePem(), "");
    }

    private static CertificateRequest AuthorityRequest(string name, ECDsa key, int pathLength)
    {
        var request = new CertificateRequest(Name(name), key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, true, pathLength, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, true));
        return request;
    }

    private static X500DistinguishedName Name(string commonName) => new($"CN={commonName}, O=Guardian, C=XX");

    private static byte[] SerialNumber()
    {
        var serial = RandomNumberGenerator.GetBytes(20);
        serial[0] = (byte)(serial[0] & 0x7F | 0x40);
        return serial;
    }

    private static byte[] ExportPublic(string sentence)
    {
        using var key = DeriveKey(sentence);
        return P256Key.Export(key);
    }

    // A scalar below 2^255 is below the group's order, and is not zero for these sentences.
    private static ECDsa DeriveKey(string sentence)
    {
        var scalar = SHA256.HashData(Encoding.UTF8.GetBytes(sentence));
        scalar[0] &= 0x7F;
        return ECDsa.Create(new ECParameters { Curve = ECCurve.NamedCurves.nistP256, D = scalar });
    }

    private static byte[] WriteExtension(ReadOnlySpan<byte> ppid, ReadOnlySpan<byte> cpuSvn)
    {
        var writer = new AsnWriter(AsnEncodingRules.DER);
        using (writer.PushSequence())
        {
            WriteOctets(writer, $"{PckExtension.Oid}.1", ppid);
            using (writer.PushSequence())
            {
                writer.WriteObjectIdentifier($"{PckExtension.Oid}.2");
                using (writer.PushSequence())
                {
                    for (var i = 0; i < PckExtension.ComponentCount; i++)
                    {
                        WriteInteger(writer, string.Create(CultureInfo.InvariantCulture, $"{PckExtension.Oid}.2.{i + 1}"), cpuSvn[i]);
                    }
                    WriteInteger(writer, $"{PckExtension.Oid}.2.17", SimulatedQuotingEnclave.PceSvn);
                    WriteOctets(writer, $"{PckExtension.Oid}.2.18", cpuSvn);
                }
            }
            WriteOctets(writer, $"{PckExtension.Oid}.3", [0, 0]);
            // No processor has this family and model: "SIMULA" in ASCII.
            WriteOctets(writer, $"{PckExtension.Oid}.4", "SIMULA"u8);
            using (writer.PushSequence())
            {
                writer.WriteObjectIdentifier($"{PckExtension.Oid}.5");
                writer.WriteEncodedValue([0x0A, 0x01, 0x00]);
            }
        }
        return writer.Encode();
    }

    private static void WriteOctets(AsnWriter writer, string oid, ReadOnlySpan<byte> value)
    {
        using (writer.PushSequence())
        {
            writer.WriteObjectIdentifier(oid);
            writer.WriteOctetString(value);
        }
    }

    private static void WriteInteger(AsnWriter writer, string oid, int value)
    {
        using (writer.PushSequence())
        {
            writer.WriteObjectIdentifier(oid);
            writer.WriteInteger(value);
        }
    }
}
