namespace Guardian.Sgx.Measurement;

/// <summary>MRENCLAVE, 32 bytes: SHA-256 of the measurement log that the processor keeps while an enclave is built (SDM vol. 3D,
/// 36.4.1).</summary>
public readonly record struct MrEnclave
{
    /// <summary>Bytes of the value.</summary>
    public const int Size = Bytes32.Size;

    private readonly Bytes32 value;

    private MrEnclave(Bytes32 value) => this.value = value;

    /// <param name="bytes">Exactly <see cref="Size"/> bytes.</param>
    /// <exception cref="ArgumentOutOfRangeException">There are fewer or more.</exception>
    public static MrEnclave Read(ReadOnlySpan<byte> bytes) => new(Bytes32.Read(bytes));

    /// <summary>Reads 64 hex digits of either case; false for anything else.</summary>
    public static bool TryParse(string? hex, out MrEnclave value)
    {
        var parsed = Bytes32.TryParse(hex, out var bytes);
        value = new MrEnclave(bytes);
        return parsed;
    }

    /// <summary>Writes the <see cref="Size"/> bytes.</summary>
    public void CopyTo(Span<byte> destination) => value.CopyTo(destination);

    /// <returns>64 lower-case hex digits.</returns>
    public override string ToString() => value.ToString();
}
