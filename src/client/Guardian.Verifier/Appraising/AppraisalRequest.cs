using System.Text;
using System.Text.Json;
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

    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false, MaxDepth = 4 };

    /// <summary>The evidence, in any form that <c>guardian verify</c> reads.</summary>
    public required byte[] Evidence { get; init; }

    /// <summary>A nonce of this verifier; null without one.</summary>
    public string? Nonce { get; init; }

    /// <summary>AMD's certificates for a report of SEV-SNP; null for other evidence.</summary>
    public RequestedEndorsements? Endorsements { get; init; }

    /// <summary>Reads a body.</summary>
    /// <param name="body">The body, at most <see cref="MaxSize"/> bytes of any content.</param>
    /// <returns>The request, or a refusal that names the member that is wrong.</returns>
    public static Outcome<AppraisalRequest> Read(ReadOnlyMemory<byte> body)
    {
        try
        {
            using var document = JsonDocument.Parse(body, Strict);
            return Read(document.RootElement);
        }
        catch (JsonException failure)
        {
            return Refuse(failure.LineNumber is { } line
                ? $"it is not JSON at byte {failure.BytePositionInLine} of line {line + 1}"
                : "a member stands twice");
        }
        catch (FormatException failure)
        {
            return Refuse(failure.Message);
        }
        catch (InvalidOperationException)
        {
            return Refuse("a text in it is not Unicode");
        }
    }

    private static AppraisalRequest Read(JsonElement root)
    {
        CheckMembers(root, "the body", "evidence", "nonce", "endorsements");
        return new AppraisalRequest
        {
            Evidence = ReadBytes(root, "evidence"),
            Nonce = Find(root, "nonce") is { } nonce ? TextOf(nonce, "nonce") : null,
            Endorsements = Find(root, "endorsements") is { } endorsements ? ReadEndorsements(endorsements) : null,
        };
    }

    private static RequestedEndorsements ReadEndorsements(JsonElement owner)
    {
        CheckMembers(owner, "'endorsements'", "leaf", "chain");
        var read = new RequestedEndorsements(
            ReadBytes(owner, "leaf"),
            TextOf(Find(owner, "chain") ?? throw new FormatException("'endorsements' lacks 'chain'"), "chain"));
        return read.Leaf.Length <= MaxCertificates && Encoding.UTF8.GetByteCount(read.Chain) <= MaxCertificates
            ? read
            : throw new FormatException($"its certificates have more than {MaxCertificates} bytes");
    }

    private static void CheckMembers(JsonElement owner, string name, params string[] known)
    {
        if (owner.ValueKind != JsonValueKind.Object)
        {
            throw new FormatException($"{name} is no JSON object");
        }
        if (owner.EnumerateObject().Select(member => member.Name).Except(known).FirstOrDefault() is { } unknown)
        {
            throw new FormatException($"{name} has the member '{unknown}', which is none of '{string.Join("', '", known)}'");
        }
    }

    private static byte[] ReadBytes(JsonElement owner, string name) =>
        (Find(owner, name) ?? throw new FormatException($"'{name}' is missing")) is { ValueKind: JsonValueKind.String } value
        && value.TryGetBytesFromBase64(out var bytes)
            ? bytes
            : throw new FormatException($"'{name}' is no text in base64");

    private static string TextOf(JsonElement value, string name) =>
        value.ValueKind == JsonValueKind.String ? value.GetString()! : throw new FormatException($"'{name}' is no text");

    private static JsonElement? Find(JsonElement owner, string name) =>
        owner.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;

    private static Refusal Refuse(string problem) =>
        VerifierReasons.BadRequest.Because($"the body is no request for an appraisal: {problem}");
}

/// <summary>AMD's certificates for a report. Its revocation list comes from the operator of the verifier, never from a request.</summary>
/// <param name="Leaf">The certificate of the signing key (VCEK or VLEK), DER or PEM.</param>
/// <param name="Chain">Its issuers, PEM.</param>
internal sealed record RequestedEndorsements(byte[] Leaf, string Chain);
