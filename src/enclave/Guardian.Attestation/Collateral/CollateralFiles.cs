using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Guardian.Attestation.Pki;
using Guardian.Attestation.Quotes;
using Guardian.Files;
using Guardian.Refusals;

namespace Guardian.Attestation.Collateral;

/// <summary>
/// Collateral on disk, in the layouts in use: a folder with one file for each piece, or one JSON file (as Phala's and Intel's tools
/// exchange it, and as <see cref="Pack"/> writes it), or Open Enclave's endorsements. Thread-safe.
/// </summary>
public static class CollateralFiles
{
    // TCB info and identity 1 MiB each, two revocation lists in hex.
    private const int MaxSize = 32 * 1024 * 1024;

    private static readonly string[] ListEndings = ["der", "pem", "hex", "crl"];
    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false, MaxDepth = 24 };

    /// <summary>Reads a folder, a packed file or Open Enclave's endorsements.</summary>
    /// <param name="path">The folder or file; each file at most 32 MiB.</param>
    /// <returns>The collateral, or a refusal that names the missing or malformed part.</returns>
    /// <exception cref="IOException">A file cannot be read or is too large.</exception>
    public static Outcome<QuoteCollateral> Read(string path) =>
        Directory.Exists(path) ? ReadFolder(path) : ReadFile(BoundedFile.Read(path, MaxSize));

    /// <summary>Writes collateral into one JSON file, byte for byte as signed.</summary>
    /// <param name="collateral">The collateral.</param>
    /// <returns>The file's bytes, UTF-8.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="collateral"/> is null.</exception>
    public static byte[] Pack(QuoteCollateral collateral)
    {
        ArgumentNullException.ThrowIfNull(collateral);
        return JsonSerializer.SerializeToUtf8Bytes(
            new PackedCollateral
            {
                PckCrlIssuerChain = DecodeText(collateral.PckCrlIssuerChain),
                RootCaCrl = EncodeList(collateral.RootCaCrl),
                PckCrl = EncodeList(collateral.PckCrl),
                TcbInfoIssuerChain = DecodeText(collateral.TcbInfoIssuerChain),
                TcbInfo = DecodeText(collateral.TcbInfo),
                QeIdentityIssuerChain = DecodeText(collateral.QeIdentityIssuerChain),
                QeIdentity = DecodeText(collateral.QeIdentity),
                QveIdentityIssuerChain = collateral.QveIdentity.IsEmpty ? null : DecodeText(collateral.QveIdentityIssuerChain),
                QveIdentity = collateral.QveIdentity.IsEmpty ? null : DecodeText(collateral.QveIdentity),
            },
            PackedJson.Default.PackedCollateral);
    }

    /// <summary>
    /// Reads a packed file: an object with one member for each piece, named as in Intel's quote provider library, in snake or camel case.
    /// Documents are texts or objects; revocation lists are hex, PEM or lists of bytes; signatures are inside their documents or beside
    /// them.
    /// </summary>
    /// <param name="json">The file's bytes, UTF-8.</param>
    /// <returns>The collateral, or a refusal that names the missing or malformed part. Never throws for any content.</returns>
    public static Outcome<QuoteCollateral> TryUnpack(ReadOnlyMemory<byte> json)
    {
        try
        {
            using var document = JsonDocument.Parse(JsonText.WithoutMark(json), Strict);
            return Unpack(document.RootElement);
        }
        catch (Exception failure) when (failure is JsonException or FormatException or InvalidOperationException)
        {
            return Refuse($"it is no JSON of packed collateral: {failure.Message}");
        }
    }

    /// <summary>Converts a revocation list to DER.</summary>
    /// <param name="list">DER, PEM, hex or base64.</param>
    /// <returns>DER; empty when it is no list. Never throws for any content.</returns>
    public static ReadOnlyMemory<byte> DecodeList(ReadOnlyMemory<byte> list) => CertificatePem.ReadRevocationList(list)?.Der ?? default;

    private static Outcome<QuoteCollateral> ReadFile(byte[] bytes) =>
        OpenEnclaveEndorsements.TryRead(bytes) is { } endorsements ? endorsements : TryUnpack(bytes);

    private static Outcome<QuoteCollateral> Unpack(JsonElement root)
    {
        var pieces = new Dictionary<string, JsonElement>(StringComparer.OrdinalIgnoreCase);
        foreach (var member in root.EnumerateObject())
        {
            if (!pieces.TryAdd(member.Name.Replace("_", "", StringComparison.Ordinal), member.Value))
            {
                throw new FormatException($"'{member.Name}' stands twice");
            }
        }
        ReadOnlyMemory<byte> Piece(string name) => pieces.TryGetValue(name, out var value) ? ReadPiece(value) : default;
        ReadOnlyMemory<byte> Document(string name, string member) => pieces.TryGetValue(name, out var value)
            ? JoinSignature(
                ReadPiece(value), member, pieces.TryGetValue(name + "Signature", out var beside) ? beside : default(JsonElement?))
            : default;

        var collateral = new QuoteCollateral
        {
            TcbInfo = Document("tcbInfo", "tcbInfo"),
            TcbInfoIssuerChain = Piece("tcbInfoIssuerChain"),
            QeIdentity = Document("qeIdentity", "enclaveIdentity"),
            QeIdentityIssuerChain = Piece("qeIdentityIssuerChain"),
            RootCaCrl = Piece("rootCaCrl"),
            PckCrl = Piece("pckCrl"),
            PckCrlIssuerChain = Piece("pckCrlIssuerChain"),
            QveIdentity = Document("qveIdentity", "enclaveIdentity"),
            QveIdentityIssuerChain = Piece("qveIdentityIssuerChain"),
        };
        return collateral.TcbInfo.IsEmpty || collateral.QeIdentity.IsEmpty || collateral.TcbInfoIssuerChain.IsEmpty
            ? Refuse("it lacks tcb_info, qe_identity or tcb_info_issuer_chain")
            : collateral;
    }

    private static Outcome<QuoteCollateral> ReadFolder(string folder)
    {
        byte[] Find(params string[] names) =>
            names.Select(name => Path.Combine(folder, name)).FirstOrDefault(File.Exists) is { } path ? BoundedFile.Read(path, MaxSize) : [];
        byte[] FindList(params string[] stems) => Find([.. stems.SelectMany(stem => ListEndings.Select(ending => $"{stem}.{ending}"))]);

        var collateral = new QuoteCollateral
        {
            TcbInfo = Find("tcb_info.json", "tcbInfo.json"),
            TcbInfoIssuerChain = Find("tcb_info_issuer_chain.pem", "tcbSignChain.pem"),
            QeIdentity = Find("qe_identity.json", "qeIdentity.json"),
            QeIdentityIssuerChain = Find("qe_identity_issuer_chain.pem"),
            RootCaCrl = FindList("root_ca_crl", "rootCaCrl"),
            PckCrl = FindList("pck_crl", "intermediateCaCrl"),
            PckCrlIssuerChain = Find("pck_crl_issuer_chain.pem", "pckSignChain.pem"),
        };
        var missing = new (string Name, bool IsMissing)[]
        {
            ("tcb_info.json", collateral.TcbInfo.IsEmpty),
            ("tcb_info_issuer_chain.pem", collateral.TcbInfoIssuerChain.IsEmpty),
            ("qe_identity.json", collateral.QeIdentity.IsEmpty),
        }.Where(file => file.IsMissing).Select(file => file.Name).ToList();
        return missing.Count > 0 ? Refuse($"{folder} lacks {string.Join(", ", missing)}") : collateral;
    }

    // The value of a piece: the characters of a text, the exact bytes of an object, the numbers of a list.
    private static byte[] ReadPiece(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => Encoding.UTF8.GetBytes(value.GetString()!),
        JsonValueKind.Object => JsonMarshal.GetRawUtf8Value(value).ToArray(),
        JsonValueKind.Array => [.. value.EnumerateArray().Select(number => number.GetByte())],
        JsonValueKind.Null => [],
        _ => throw new FormatException($"a piece is {value.ValueKind}, not a text, an object or a list of bytes"),
    };

    // Some tools pack the document as the service sends it, others its inner object with the signature beside it.
    private static byte[] JoinSignature(byte[] document, string member, JsonElement? signature)
    {
        if (signature is not { ValueKind: not JsonValueKind.Null } beside)
        {
            return document;
        }
        var hex = beside.ValueKind == JsonValueKind.Array ? Convert.ToHexStringLower(ReadPiece(beside)) : beside.GetString();
        return [.. Encoding.UTF8.GetBytes($"{{\"{member}\":"), .. document, .. Encoding.UTF8.GetBytes($",\"signature\":\"{hex}\"}}")];
    }

    private static string DecodeText(ReadOnlyMemory<byte> bytes) => Encoding.UTF8.GetString(bytes.Span.TrimEnd((byte)0));

    // Services send DER as hex; a list that came as text stays as it is.
    private static string EncodeList(ReadOnlyMemory<byte> list) =>
        list.Length > 0 && list.Span[0] == 0x30 && list.Span[1] >= 0x80 ? Convert.ToHexStringLower(list.Span) : DecodeText(list);

    private static Refusal Refuse(string problem) => QuoteReasons.BadCollateral.At(QuoteStage.Collateral, problem);
}

/// <summary>The members of a packed file.</summary>
internal sealed record PackedCollateral
{
    [JsonPropertyName("pck_crl_issuer_chain")]
    public string? PckCrlIssuerChain { get; init; }

    [JsonPropertyName("root_ca_crl")]
    public string? RootCaCrl { get; init; }

    [JsonPropertyName("pck_crl")]
    public string? PckCrl { get; init; }

    [JsonPropertyName("tcb_info_issuer_chain")]
    public string? TcbInfoIssuerChain { get; init; }

    [JsonPropertyName("tcb_info")]
    public string? TcbInfo { get; init; }

    [JsonPropertyName("qe_identity_issuer_chain")]
    public string? QeIdentityIssuerChain { get; init; }

    [JsonPropertyName("qe_identity")]
    public string? QeIdentity { get; init; }

    [JsonPropertyName("qve_identity_issuer_chain")]
    public string? QveIdentityIssuerChain { get; init; }

    [JsonPropertyName("qve_identity")]
    public string? QveIdentity { get; init; }
}

[JsonSourceGenerationOptions(DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(PackedCollateral))]
internal sealed partial class PackedJson : JsonSerializerContext;
