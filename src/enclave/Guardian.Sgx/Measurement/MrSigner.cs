namespace Guardian.Sgx.Measurement;

/// <summary>MRSIGNER, 32 bytes: SHA-256 of the signer's RSA modulus in the byte order of SIGSTRUCT (SDM vol. 3D, 36.4.2).</summary>
public readonly record struct MrSigner
{
    /// <summary>Size of the value in bytes.</summary>
    public const int Size = Bytes32.Size;

    /// <summary>The sample key of Intel's SDK. Its private key is public, so anyone can sign with it, and it identifies nobody.</summary>
    public static MrSigner SdkSample { get; } =
        Read(Convert.FromHexString("83d719e77deaca1470f6baf62a4d774303c899db69020f9c70ee1dfc08c7ce9e"));

    private readonly Bytes32 value;

    private MrSigner(Bytes32 value) => this.value = value;

    /// <summary>Reads the value.</summary>
    /// <param name="bytes">Exactly <see cref="Size"/> bytes.</param>
    /// <returns>The value.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="bytes"/> has another size.</exception>
    public static MrSigner Read(ReadOnlySpan<byte> bytes) => new(Bytes32.Read(bytes));

    /// <summary>Reads 64 hex digits of either case.</summary>
    /// <param name="hex">The digits.</param>
    /// <param name="value">Receives the value, or zeros.</param>
    /// <returns>False for any other text, and for null.</returns>
    public static bool TryParse(string? hex, out MrSigner value)
    {
        var parsed = Bytes32.TryParse(hex, out var bytes);
        value = new MrSigner(bytes);
        return parsed;
    }

    /// <summary>Writes the value.</summary>
    /// <param name="destination">Receives <see cref="Size"/> bytes.</param>
    public void CopyTo(Span<byte> destination) => value.CopyTo(destination);

    /// <summary>Writes the value in hex.</summary>
    /// <returns>64 lower-case hex digits.</returns>
    public override string ToString() => value.ToString();
}
