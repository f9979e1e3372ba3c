using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Guardian.Attestation.Policy;
using Guardian.Cas.Client.Protocol;

namespace Guardian.Cas.Client.Workloads;

/// <summary>The service of a session that a workload certificate names (docs/spec/evidence.md, Workload certificates). Immutable.</summary>
/// <remarks>
/// The certificate has one URI among its alternative names, in the form of SPIFFE, and one extension:
/// <code>
/// spiffe://CAS/session/SESSION/service/SERVICE     CAS: the CAS's identity, 64 hex digits; SESSION may contain slashes
///
/// SEQUENCE {                                       extension 2.25.163658161134872937073922440991933002163, DER
///   sessionHash  OCTET STRING (SIZE (32)),
///   policy       OCTET STRING (SIZE (32)),
///   program      [0] IMPLICIT OCTET STRING (SIZE (32)) OPTIONAL }
/// </code>
/// </remarks>
/// <param name="Cas">The identity of the CAS that issued the certificate, 64 lower-case hex digits.</param>
/// <param name="Session">The session's name.</param>
/// <param name="Service">The service's name.</param>
/// <param name="SessionHash">The session's hash, 64 lower-case hex digits.</param>
/// <param name="Policy">The identifier of the attestation policy that admitted the enclave: <c>sha256:</c> and 64 lower-case hex
/// digits (<see cref="AttestationPolicy.Id"/>).</param>
/// <param name="Program">The digest of the program, 64 lower-case hex digits; null when the session names none.</param>
public sealed record WorkloadIdentity(string Cas, string Session, string Service, string SessionHash, string Policy, string? Program)
{
    // A UUID below the joint arc 2.25 (ITU-T X.667), so that no registry is needed.
    internal const string ExtensionOid = "2.25.163658161134872937073922440991933002163";

    private const string AlternativeNamesOid = "2.5.29.17";
    private const string Scheme = "spiffe://";
    private const string PolicyPrefix = "sha256:";
    private const int HashSize = SHA256.HashSizeInBytes;

    private static readonly Asn1Tag ProgramTag = new(TagClass.ContextSpecific, 0);
    private static readonly Asn1Tag UriTag = new(TagClass.ContextSpecific, 6);

    /// <summary>The URI, as the certificate has it.</summary>
    public string Uri => $"{UriOf(Cas)}/session/{Session}/service/{Service}";

    /// <summary>The URI of a CAS, as the certificate of its workload authority has it.</summary>
    /// <param name="cas">The CAS's identity, 64 lower-case hex digits.</param>
    /// <returns>The trust domain of SPIFFE.</returns>
    public static string UriOf(string cas) => Scheme + cas;

    /// <summary>Reads the identity from a certificate. The caller verifies the issuer.</summary>
    /// <param name="certificate">The certificate.</param>
    /// <returns>The identity, or null when the certificate has none in exactly this form. Never throws for any content.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="certificate"/> is null.</exception>
    public static WorkloadIdentity? TryRead(X509Certificate2 certificate)
    {
        ArgumentNullException.ThrowIfNull(certificate);
        try
        {
            return FindOnly(certificate, AlternativeNamesOid) is { } names && FindOnly(certificate, ExtensionOid) is { } extension
                ? Read(ReadUri(names), extension)
                : null;
        }
        catch (Exception malformed) when (malformed is AsnContentException or CryptographicException)
        {
            return null;
        }
    }

    /// <summary>Writes the alternative name of a certificate. (The base library's builder takes a <see cref="System.Uri"/>, which may
    /// rewrite the text.)</summary>
    internal static X509Extension WriteName(string uri)
    {
        var writer = new AsnWriter(AsnEncodingRules.DER);
        using (writer.PushSequence())
        {
            writer.WriteCharacterString(UniversalTagNumber.IA5String, uri, UriTag);
        }
        return new X509Extension(AlternativeNamesOid, writer.Encode(), critical: false);
    }

    /// <summary>Writes the extension.</summary>
    internal X509Extension WriteExtension()
    {
        var writer = new AsnWriter(AsnEncodingRules.DER);
        using (writer.PushSequence())
        {
            writer.WriteOctetString(Convert.FromHexString(SessionHash));
            writer.WriteOctetString(Convert.FromHexString(Policy[PolicyPrefix.Length..]));
            if (Program is not null)
            {
                writer.WriteOctetString(Convert.FromHexString(Program), ProgramTag);
            }
        }
        return new X509Extension(ExtensionOid, writer.Encode(), critical: false);
    }

    private static byte[]? FindOnly(X509Certificate2 certificate, string oid) =>
        certificate.Extensions.Where(extension => extension.Oid?.Value == oid).ToList() is [var only] ? only.RawData : null;

    private static string ReadUri(byte[] alternativeNames)
    {
        var names = new AsnReader(alternativeNames, AsnEncodingRules.DER).ReadSequence();
        var uri = names.ReadCharacterString(UniversalTagNumber.IA5String, UriTag);
        names.ThrowIfNotEmpty();
        return uri;
    }

    private static WorkloadIdentity? Read(string uri, byte[] extension)
    {
        // Neither the CAS's identity nor the name of a service contains a slash, so the four fixed parts are where they must be.
        if (!uri.StartsWith(Scheme, StringComparison.Ordinal)
            || uri[Scheme.Length..].Split('/') is not [var cas, "session", .. var session, "service", var service]
            || session.Length == 0 || !KeyHash.IsHash(cas))
        {
            return null;
        }
        var outer = new AsnReader(extension, AsnEncodingRules.DER);
        var reader = outer.ReadSequence();
        outer.ThrowIfNotEmpty();
        var hash = reader.ReadOctetString();
        var policy = reader.ReadOctetString();
        var program = reader.HasData ? reader.ReadOctetString(ProgramTag) : null;
        reader.ThrowIfNotEmpty();
        return hash.Length == HashSize && policy.Length == HashSize && program is null or { Length: HashSize }
            ? new WorkloadIdentity(
                cas, string.Join('/', session), service, Convert.ToHexStringLower(hash), PolicyPrefix + Convert.ToHexStringLower(policy),
                program is null ? null : Convert.ToHexStringLower(program))
            : null;
    }
}
