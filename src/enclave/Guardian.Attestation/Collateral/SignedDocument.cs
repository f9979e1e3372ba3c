using System.Runtime.InteropServices;
using System.Text.Json;
using Guardian.Attestation.Pki;
using Guardian.Attestation.Quotes;
using Guardian.Refusals;

namespace Guardian.Attestation.Collateral;

/// <summary>A document of Intel's services: <c>{"tcbInfo": {…}, "signature": "HEX"}</c>, read and not verified.</summary>
/// <param name="Body">The exact bytes of the inner object, which are the signed ones.</param>
/// <param name="Signature">r and s, 64 bytes.</param>
/// <param name="Content">The members of the inner object.</param>
internal sealed record SignedDocument<T>(ReadOnlyMemory<byte> Body, ReadOnlyMemory<byte> Signature, T Content) where T : class
{
    public bool IsSignedBy(P256Key key) => key.Verify(Body.Span, Signature.Span);
}

/// <summary>Reads the documents of Intel's services. Never throws for any content.</summary>
internal static class SignedDocument
{
    // Intel's have about 5 KiB, with many levels 50 KiB.
    private const int MaxSize = 1024 * 1024;

    // With a duplicate member, the signature could cover one value and the reader use the other.
    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false, MaxDepth = 16 };

    public static Outcome<SignedDocument<TcbInfo>> ReadTcbInfo(ReadOnlyMemory<byte> json) =>
        Read(json, "tcbInfo", CollateralReader.ReadTcbInfo, QuoteReasons.BadTcbInfo, "TCB info");

    public static Outcome<SignedDocument<EnclaveIdentity>> ReadQeIdentity(ReadOnlyMemory<byte> json) =>
        Read(json, "enclaveIdentity", CollateralReader.ReadEnclaveIdentity, QuoteReasons.BadQeIdentity, "QE identity");

    private static Outcome<SignedDocument<T>> Read<T>(
        ReadOnlyMemory<byte> json, string member, Func<JsonFields, T> read, RefusalReason reason, string name) where T : class
    {
        Refusal Refuse(string problem) => reason.At(QuoteStage.Collateral, $"the {name} cannot be read: {problem}");
        if (json.Length > MaxSize)
        {
            return Refuse($"it has {json.Length} bytes; at most {MaxSize} are read");
        }
        try
        {
            using var document = JsonDocument.Parse(
                JsonText.WithoutMark(json).TrimEnd([(byte)0, (byte)' ', (byte)'\r', (byte)'\n']), Strict);
            var root = document.RootElement;
            if (root.ValueKind != JsonValueKind.Object
                || !root.TryGetProperty(member, out var body) || body.ValueKind != JsonValueKind.Object)
            {
                return Refuse($"it has no object '{member}'");
            }
            var signature = new JsonFields(root).ReadHex("signature", P256Key.Size);
            var content = read(new JsonFields(body));
            return new SignedDocument<T>(JsonMarshal.GetRawUtf8Value(body).ToArray(), signature, content);
        }
        catch (Exception failure) when (failure is FormatException or JsonException or InvalidOperationException)
        {
            return Refuse(failure.Message);
        }
    }
}
