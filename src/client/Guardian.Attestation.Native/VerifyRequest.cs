using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Guardian.Attestation.Collateral;
using Guardian.Attestation.Pki;
using Guardian.Attestation.Policy;
using Guardian.Attestation.Verification;
using Guardian.Documents;
using Guardian.Policies;
using Guardian.Sgx;

namespace Guardian.Attestation.Native;

/// <summary>The options of a call, as its JSON has them. All are optional; an unknown member is wrong usage.</summary>
internal sealed record VerifyOptions
{
    /// <summary>The root of trust in place of Intel's: a certificate, PEM.</summary>
    [JsonPropertyName("root")]
    public string? Root { get; init; }

    /// <summary>The policy, YAML (docs/how-to/attestation.md). Without it, production enclaves on up-to-date platforms pass.</summary>
    [JsonPropertyName("policy")]
    public string? Policy { get; init; }

    /// <summary>The platform's PCK certificate chain, PEM, for quotes that only name their platform.</summary>
    [JsonPropertyName("pckChain")]
    public string? PckChain { get; init; }

    /// <summary>The nonce for which a coordinator of MarbleRun made its quote.</summary>
    [JsonPropertyName("nonce")]
    public byte[]? Nonce { get; init; }

    /// <summary>Whether collateral without revocation lists passes.</summary>
    [JsonPropertyName("insecureNoRevocation")]
    public bool InsecureNoRevocation { get; init; }
}

/// <summary>Source-generated JSON of the options.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Strict)]
[JsonSerializable(typeof(VerifyOptions))]
internal sealed partial class NativeJson : JsonSerializerContext;

/// <summary>The request of a call, read and checked.</summary>
internal sealed record VerifyRequest
{
    public required ReadOnlyMemory<byte> Evidence { get; init; }

    public required QuoteCollateral? Collateral { get; init; }

    public required AttestationPolicy Policy { get; init; }

    public required VerifierOptions Verifier { get; init; }

    public required DateTimeOffset At { get; init; }

    public required ReadOnlyMemory<byte> Nonce { get; init; }

    /// <summary>Reads a request.</summary>
    /// <param name="evidence">The evidence.</param>
    /// <param name="collateral">Packed collateral; empty when there is none.</param>
    /// <param name="options">JSON, UTF-8; empty for none.</param>
    /// <param name="at">Seconds since 1970.</param>
    /// <returns>The request, or the mistake of the caller.</returns>
    public static (VerifyRequest? Request, string? Mistake) Read(
        ReadOnlyMemory<byte> evidence, ReadOnlyMemory<byte> collateral, ReadOnlySpan<byte> options, long at)
    {
        if (at is < 0 or > 253402300799)
        {
            return (null, "the instant is not between 1970 and 9999, in seconds since 1970");
        }
        VerifyOptions? read;
        try
        {
            read = options.IsEmpty ? new VerifyOptions() : JsonSerializer.Deserialize(options, NativeJson.Default.VerifyOptions);
        }
        catch (JsonException failure)
        {
            return (null, "the options are no JSON object of 'policy', 'root', 'pckChain' (texts), 'nonce' (base64) and "
                + $"'insecureNoRevocation' (true or false): the mistake is in line {failure.LineNumber + 1}, "
                + $"behind byte {failure.BytePositionInLine}");
        }
        if (read is null)
        {
            return (null, "the options are null");
        }
        var anchor = read.Root is null ? TrustAnchor.Intel : TrustAnchor.FromCertificate(Encoding.UTF8.GetBytes(read.Root));
        if (anchor is null)
        {
            return (null, "'root' holds no certificate with a P-256 key");
        }
        var (policy, problem) = ReadPolicy(read.Policy);
        if (policy is null)
        {
            return (null, problem);
        }
        var (found, unreadable) = collateral.IsEmpty ? default : CollateralFiles.TryUnpack(collateral);
        if (unreadable is not null)
        {
            return (null, unreadable.Detail);
        }
        return (
            new VerifyRequest
            {
                Evidence = evidence,
                Collateral = found,
                Policy = policy,
                At = DateTimeOffset.FromUnixTimeSeconds(at),
                Nonce = read.Nonce,
                Verifier = new VerifierOptions
                {
                    Anchors = [anchor],
                    RequireRevocationLists = !read.InsecureNoRevocation,
                    PckChain = Encoding.UTF8.GetBytes(read.PckChain ?? ""),
                },
            },
            null);
    }

    private static (AttestationPolicy? Policy, string? Problem) ReadPolicy(string? yaml)
    {
        if (yaml is null)
        {
            return (new AttestationPolicy { Identities = [AcceptedIdentity.Anyone], Platforms = [PlatformKind.Hardware] }, null);
        }
        var problems = new DocumentProblems();
        var map = YamlDocument.Read(Encoding.UTF8.GetBytes(yaml), problems);
        var policy = map is null ? null : PolicyReader.Read(map, allowVirtualMachines: true);
        map?.End();
        return policy is null || problems.Any ? (null, $"the policy has mistakes: {string.Join("; ", problems.Items)}") : (policy, null);
    }
}
