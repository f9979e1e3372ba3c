using System.Runtime.InteropServices;
using System.Text.Json;
using Guardian.Attestation.Pki;

namespace Guardian.Attestation.Collateral;

/// <summary>
/// A document as Intel's services give it: <c>{"tcbInfo": {…}, "signature": "HEX"}</c>. The signature is over the exact bytes of the inner
/// object, so those are kept.
/// </summary>
/// <param name="Body">The inner object's bytes.</param>
/// <param name="Signature">r and s, 64 bytes.</param>
internal sealed record SignedDocument(ReadOnlyMemory<byte> Body, ReadOnlyMemory<byte> Signature)
{
    // Intel's have some 5 KiB, with many levels 50.
    private const int MaxSize = 1024 * 1024;

    // A member that stands twice would let the signature speak for one and the reader for the other.
    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false, MaxDepth = 16 };

    /// <summary>Reads a document.</summary>
    /// <param name="member">Name of the inner object.</param>
    /// <param name="read">Reads its members.</param>
    /// <param name="problem">What is wrong, when the result is null. Never throws for any content.</param>
    public static (SignedDocument Document, T Value)? TryRead<T>(
        ReadOnlyMemory<byte> json, string member, Func<JsonFields, T> read, out string? problem) where T : class
    {
        problem = null;
        if (json.Length > MaxSize)
        {
            problem = $"it has {json.Length} bytes; at most {MaxSize} are read";
            return null;
        }
        try
        {
            using var document = JsonDocument.Parse(json.TrimEnd([(byte)0, (byte)' ', (byte)'\r', (byte)'\n']), Strict);
            if (document.RootElement.ValueKind != JsonValueKind.Object || !document.RootElement.TryGetProperty(member, out var body)
                || body.ValueKind != JsonValueKind.Object)
            {
                problem = $"it has no object '{member}'";
                return null;
            }
            var signature = new JsonFields(document.RootElement).Hex("signature", P256Key.Size);
            var value = read(new JsonFields(body));
            return (new SignedDocument(JsonMarshal.GetRawUtf8Value(body).ToArray(), signature), value);
        }
        catch (Exception failure) when (failure is FormatException or JsonException or InvalidOperationException)
        {
            problem = failure.Message;
            return null;
        }
    }
}
