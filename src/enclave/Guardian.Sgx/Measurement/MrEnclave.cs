namespace Guardian.Sgx.Measurement;

/// <summary>
/// MRENCLAVE, 32 bytes: SHA-256 of the measurement log that the processor writes while it builds an enclave (SDM vol. 3D, 36.4.1).
/// </summary>
public readonly record struct MrEnclave
{
    /// <summary>Size of the value in bytes.</summary>
    public const int Size = Bytes32.Size;

    private readonly Bytes32 value;

    private MrEnclave(Bytes32 value) => this.value = value;

    /// <summary>Reads the value.</summary>
    /// <param name="bytes">Exactly <see cref="Size"/> bytes.</param>
    /// <returns>The value.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="bytes"/> has another size.</exception>
    public static MrEnclave Read(ReadOnlySpan<byte> bytes) => new(Bytes32.Read(bytes));

    /// <summary>Reads 64 hex digits of either case.</summary>
    /// <param name="hex">The digits.</param>
    /// <param name="value">Receives the value, or zeros.</param>
    /// <returns>False for any other text, and for null.</returns>
    public static bool TryParse(string? hex, out MrEnclave value)
    {
        var parsed = Bytes32.TryParse(hex, out var bytes);
        value = new MrEnclave(bytes);
        return parsed;
    }

    /// <summary>Writes the value.</summary>
    /// <param name="destination">Receives <see cref="Size"/> bytes.</param>
    public void CopyTo(Span<byte> destination) => value.CopyTo(destination);

    /// <summary>Writes the value in hex.</summary>
    /// <returns>64 lower-case hex digits.</returns>
    public override string ToString() => value.ToString();
}
