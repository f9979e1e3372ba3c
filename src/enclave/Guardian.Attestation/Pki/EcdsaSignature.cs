namespace Guardian.Attestation.Pki;

/// <summary>The two forms of a signature on P-256: r and s side by side (IEEE P1363), and a DER sequence of them (RFC 3279).</summary>
internal static class EcdsaSignature
{
    /// <summary>Bytes of the longest signature in DER: each number may need a zero byte in front.</summary>
    public const int MaximumDerSize = 2 + (2 * (2 + 1 + (P256Key.Size / 2)));

    /// <summary>Writes r and s as a DER sequence.</summary>
    /// <param name="signature">r and s, <see cref="P256Key.Size"/> bytes, big-endian.</param>
    /// <param name="der">At least <see cref="MaximumDerSize"/> bytes.</param>
    /// <returns>How many bytes were written.</returns>
    public static int WriteDer(ReadOnlySpan<byte> signature, Span<byte> der)
    {
        var size = 2;
        size += WriteInteger(signature[..(P256Key.Size / 2)], der[size..]);
        size += WriteInteger(signature[(P256Key.Size / 2)..], der[size..]);
        (der[0], der[1]) = (0x30, (byte)(size - 2));
        return size;
    }

    // An INTEGER has no zero byte in front, except before a first bit that would make it negative, and in zero itself.
    private static int WriteInteger(ReadOnlySpan<byte> number, Span<byte> der)
    {
        number = number.TrimStart((byte)0);
        var zeros = number.IsEmpty || number[0] >= 0x80 ? 1 : 0;
        (der[0], der[1], der[2]) = (2, (byte)(zeros + number.Length), 0);
        number.CopyTo(der[(2 + zeros)..]);
        return 2 + zeros + number.Length;
    }
}
