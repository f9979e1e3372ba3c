using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Guardian.Attestation.Collateral;

/// <summary>
/// Collateral on disk, in the layouts that are about: a folder with a file for each piece, or all of it in one JSON file (as Phala's and
/// Intel's tools
/// exchange it, and as <see cref="Pack"/> writes it).
/// </summary>
public static class CollateralFiles
{
    // TCB info and identity 1 MiB each, two lists of revoked certificates in hex.
    private const int MaxSize = 32 * 1024 * 1024;

    private static readonly string[] ListEndings = ["der", "pem", "hex", "crl"];
    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false, MaxDepth = 24 };

    /// <summary>Reads a folder or a file.</summary>
    /// <param name="problem">What is missing or wrong, when the result is null.</param>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static QuoteCollateral? Read(string path, out string? problem) =>
        Directory.Exists(path) ? ReadFolder(path, out problem) : TryUnpack(ReadBounded(path), out problem);

    /// <summary>Writes all of it into one JSON file, byte for byte as signed.</summary>
    public static byte[] Pack(QuoteCollateral collateral)
    {
        ArgumentNullException.ThrowIfNull(collateral);
        return JsonSerializer.SerializeToUtf8Bytes(
            new PackedCollateral
            {
                PckCrlIssuerChain = Text(collateral.PckCrlIssuerChain),
                RootCaCrl = Hex(collateral.RootCaCrl),
                PckCrl = Hex(collateral.PckCrl),
                TcbInfoIssuerChain = Text(collateral.TcbInfoIssuerChain),
                TcbInfo = Text(collateral.TcbInfo),
                QeIdentityIssuerChain = Text(collateral.QeIdentityIssuerChain),
                QeIdentity = Text(collateral.QeIdentity),
            },
            PackedJson.Default.PackedCollateral);
    }

    /// <summary>
    /// Reads a packed file: an object with a member for each piece, named as Intel's quote provider library names them, in snake or camel
    /// case. Documents are
    /// texts or objects; revocation lists are hex, PEM or lists of bytes; signatures may stand in the documents or beside them.
    /// </summary>
    /// <param name="problem">What is missing or wrong, when the result is null. Never throws for any content.</param>
    public static QuoteCollateral? TryUnpack(ReadOnlyMemory<byte> json, out string? problem)
    {
        try
        {
            using var document = JsonDocument.Parse(json, Strict);
            return Unpack(document.RootElement, out problem);
        }
        catch (Exception failure) when (failure is JsonException or FormatException or InvalidOperationException)
        {
            problem = $"it is no JSON as collateral is packed: {failure.Message}";
            return null;
        }
    }

    private static QuoteCollateral? Unpack(JsonElement root, out string? problem)
    {
        var pieces = new Dictionary<string, JsonElement>(StringComparer.OrdinalIgnoreCase);
        foreach (var member in root.EnumerateObject())
        {
            if (!pieces.TryAdd(member.Name.Replace("_", "", StringComparison.Ordinal), member.Value))
            {
                throw new FormatException($"'{member.Name}' stands twice");
            }
        }
        ReadOnlyMemory<byte> Piece(string name) => pieces.TryGetValue(name, out var value) ? Bytes(value) : default;
        ReadOnlyMemory<byte> Document(string name, string member) => pieces.TryGetValue(name, out var value)
            ? Whole(Bytes(value), member, pieces.TryGetValue(name + "Signature", out var signature) ? signature : default(JsonElement?))
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
        };
        var isWhole = !collateral.TcbInfo.IsEmpty && !collateral.QeIdentity.IsEmpty && !collateral.TcbInfoIssuerChain.IsEmpty;
        problem = isWhole ? null : "it lacks tcb_info, qe_identity or tcb_info_issuer_chain";
        return isWhole ? collateral : null;
    }

    private static QuoteCollateral? ReadFolder(string folder, out string? problem)
    {
        byte[] Find(params string[] names) =>
            names.Select(name => Path.Combine(folder, name)).FirstOrDefault(File.Exists) is { } path ? ReadBounded(path) : [];
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
            ("tcb_info.json", collateral.TcbInfo.IsEmpty), ("tcb_info_issuer_chain.pem", collateral.TcbInfoIssuerChain.IsEmpty), (
                "qe_identity.json", collateral.QeIdentity.IsEmpty),
        }.Where(file => file.IsMissing).Select(file => file.Name).ToList();
        problem = missing.Count > 0 ? $"{folder} lacks {string.Join(", ", missing)}" : null;
        return problem is null ? collateral : null;
    }

    private static byte[] ReadBounded(string path)
    {
        var size = new FileInfo(path).Length;
        return size <= MaxSize
            ? File.ReadAllBytes(path)
            : throw new IOException($"{path} has {size} bytes; collateral has at most {MaxSize}");
    }

    // A text is its characters, an object its exact bytes, a list its numbers.
    private static byte[] Bytes(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => Encoding.UTF8.GetBytes(value.GetString()!),
        JsonValueKind.Object => JsonMarshal.GetRawUtf8Value(value).ToArray(),
        JsonValueKind.Array => [.. value.EnumerateArray().Select(number => number.GetByte())],
        JsonValueKind.Null => [],
        _ => throw new FormatException($"a piece is {value.ValueKind}, not a text, an object or a list of bytes"),
    };

    // Either the document as the service gives it, or its inner object with the signature beside it.
    private static byte[] Whole(byte[] document, string member, JsonElement? signature)
    {
        if (signature is not { ValueKind: not JsonValueKind.Null } beside)
        {
            return document;
        }
        var hex = beside.ValueKind == JsonValueKind.Array ? Convert.ToHexStringLower(Bytes(beside)) : beside.GetString();
        return [.. Encoding.UTF8.GetBytes($"{{\"{member}\":"), .. document, .. Encoding.UTF8.GetBytes($",\"signature\":\"{hex}\"}}")];
    }

    private static string Text(ReadOnlyMemory<byte> bytes) => Encoding.UTF8.GetString(bytes.Span.TrimEnd((byte)0));

    // As services give it: lists that came as text stay as they are.
    private static string Hex(ReadOnlyMemory<byte> list) =>
        list.Length > 0 && list.Span[0] == 0x30 && list.Span[1] >= 0x80 ? Convert.ToHexStringLower(list.Span) : Text(list);
}

/// <summary>The members that are written.</summary>
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
}

[JsonSourceGenerationOptions(DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(PackedCollateral))]
internal sealed partial class PackedJson : JsonSerializerContext;
