using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Guardian.Attestation.Envelopes;
using Guardian.Refusals;
using Guardian.Verifier.Reasons;

namespace Guardian.Verifier.Appraising;

/// <summary>A request for an appraisal, as its JSON has it (docs/reference/verifier.md). An unknown member is refused.</summary>
internal sealed record AppraisalRequest
{
    /// <summary>The largest body: evidence and certificates in base64, with room for names.</summary>
    public const int MaxSize = ((EnvelopeReader.MaxSize + (2 * MaxCertificates)) / 3 * 4) + 4096;

    // AMD's chain has some 6 KiB.
    private const int MaxCertificates = 32 * 1024;

    /// <summary>The evidence, in any form that <c>guardian verify</c> reads.</summary>
    [JsonPropertyName("evidence"), JsonRequired]
    public required byte[] Evidence { get; init; }

    /// <summary>A nonce of this verifier; null without one.</summary>
    [JsonPropertyName("nonce")]
    public string? Nonce { get; init; }

    /// <summary>AMD's certificates for a report of SEV-SNP; null for other evidence.</summary>
    [JsonPropertyName("endorsements")]
    public RequestedEndorsements? Endorsements { get; init; }

    /// <summary>Reads a body.</summary>
    /// <param name="body">The body, at most <see cref="MaxSize"/> bytes of any content.</param>
    /// <returns>The request, or a refusal.</returns>
    public static Outcome<AppraisalRequest> Read(ReadOnlySpan<byte> body)
    {
        try
        {
            if (JsonSerializer.Deserialize(body, RequestJson.Default.AppraisalRequest) is not { } request)
            {
                return Refuse("it is null");
            }
            return request.Endorsements is { } given
                && (given.Leaf.Length > MaxCertificates || Encoding.UTF8.GetByteCount(given.Chain) > MaxCertificates)
                    ? Refuse($"its certificates have more than {MaxCertificates} bytes")
                    : request;
        }
        catch (JsonException failure)
        {
            return Refuse(failure.Message);
        }
    }

    private static Refusal Refuse(string problem) =>
        VerifierReasons.BadRequest.Because($"the body is no request for an appraisal: {problem}");
}

/// <summary>AMD's certificates for a report. Its revocation list comes from the operator of the verifier, never from a request.</summary>
internal sealed record RequestedEndorsements
{
    /// <summary>The certificate of the signing key (VCEK or VLEK), DER or PEM.</summary>
    [JsonPropertyName("leaf"), JsonRequired]
    public required byte[] Leaf { get; init; }

    /// <summary>Its issuers, PEM.</summary>
    [JsonPropertyName("chain"), JsonRequired]
    public required string Chain { get; init; }
}

/// <summary>Source-generated JSON of requests.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Strict, MaxDepth = 4)]
[JsonSerializable(typeof(AppraisalRequest))]
internal sealed partial class RequestJson : JsonSerializerContext;
