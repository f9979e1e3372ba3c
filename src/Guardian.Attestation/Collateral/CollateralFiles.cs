using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Guardian.Attestation;

/// <summary>
/// Collateral on disk, in the layouts that are about: a folder with a file for each piece, or all of it in one JSON file (as Phala's and Intel's tools
/// exchange it, and as <see cref="Pack"/> writes it).
/// </summary>
public static class CollateralFiles
{
    // TCB info and identity 1 MiB each, two lists of revoked certificates in hex.
    private const int MaxSize = 32 * 1024 * 1024;

    private static readonly string[] ListEndings = ["der", "pem", "hex", "crl"];

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

    /// <summary>Reads a packed file. Never throws for any content.</summary>
    public static QuoteCollateral? TryUnpack(ReadOnlySpan<byte> json, out string? problem)
    {
        problem = null;
        try
        {
            if (JsonSerializer.Deserialize(json, PackedJson.Default.PackedCollateral) is not { TcbInfo.Length: > 0, QeIdentity.Length: > 0, TcbInfoIssuerChain.Length: > 0 } packed)
            {
                problem = "it lacks tcb_info, qe_identity or tcb_info_issuer_chain";
                return null;
            }
            return new QuoteCollateral
            {
                TcbInfo = Whole(packed.TcbInfo, "tcbInfo", packed.TcbInfoSignature),
                TcbInfoIssuerChain = Bytes(packed.TcbInfoIssuerChain),
                QeIdentity = Whole(packed.QeIdentity, "enclaveIdentity", packed.QeIdentitySignature),
                QeIdentityIssuerChain = Bytes(packed.QeIdentityIssuerChain),
                RootCaCrl = Bytes(packed.RootCaCrl),
                PckCrl = Bytes(packed.PckCrl),
                PckCrlIssuerChain = Bytes(packed.PckCrlIssuerChain),
            };
        }
        catch (JsonException failure)
        {
            problem = $"it is no JSON as collateral is packed: {failure.Message}";
            return null;
        }
    }

    private static QuoteCollateral? ReadFolder(string folder, out string? problem)
    {
        byte[] Find(params string[] names) => names.Select(name => Path.Combine(folder, name)).FirstOrDefault(File.Exists) is { } path ? ReadBounded(path) : [];
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
            ("tcb_info.json", collateral.TcbInfo.IsEmpty), ("tcb_info_issuer_chain.pem", collateral.TcbInfoIssuerChain.IsEmpty), ("qe_identity.json", collateral.QeIdentity.IsEmpty),
        }.Where(file => file.IsMissing).Select(file => file.Name).ToList();
        problem = missing.Count > 0 ? $"{folder} lacks {string.Join(", ", missing)}" : null;
        return problem is null ? collateral : null;
    }

    private static byte[] ReadBounded(string path)
    {
        var size = new FileInfo(path).Length;
        return size <= MaxSize ? File.ReadAllBytes(path) : throw new IOException($"{path} has {size} bytes; collateral has at most {MaxSize}");
    }

    // Either the document as the service gives it, or its inner object with the signature beside it.
    private static ReadOnlyMemory<byte> Whole(string text, string member, string? signature) =>
        signature is null ? Encoding.UTF8.GetBytes(text) : Encoding.UTF8.GetBytes($"{{\"{member}\":{text},\"signature\":\"{signature}\"}}");

    private static byte[] Bytes(string? text) => text is null ? [] : Encoding.UTF8.GetBytes(text);

    private static string Text(ReadOnlyMemory<byte> bytes) => Encoding.UTF8.GetString(bytes.Span.TrimEnd((byte)0));

    // As services give it: lists that came as text stay as they are.
    private static string Hex(ReadOnlyMemory<byte> list) => list.Length > 0 && list.Span[0] == 0x30 && list.Span[1] >= 0x80 ? Convert.ToHexStringLower(list.Span) : Text(list);
}

/// <summary>The file's members.</summary>
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

    [JsonPropertyName("tcb_info_signature")]
    public string? TcbInfoSignature { get; init; }

    [JsonPropertyName("qe_identity_issuer_chain")]
    public string? QeIdentityIssuerChain { get; init; }

    [JsonPropertyName("qe_identity")]
    public string? QeIdentity { get; init; }

    [JsonPropertyName("qe_identity_signature")]
    public string? QeIdentitySignature { get; init; }
}

[JsonSourceGenerationOptions(AllowDuplicateProperties = false, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(PackedCollateral))]
internal sealed partial class PackedJson : JsonSerializerContext;
