using System.Text;

namespace Guardian.Attestation.Collateral;

/// <summary>The texts of others.</summary>
internal static class JsonText
{
    /// <summary>Removes the byte order mark that some editors and services put before UTF-8; RFC 8259, 8.1, lets a reader ignore
    /// it.</summary>
    public static ReadOnlyMemory<byte> WithoutMark(ReadOnlyMemory<byte> text) =>
        text.Span.StartsWith(Encoding.UTF8.Preamble) ? text[Encoding.UTF8.Preamble.Length..] : text;
}
