using System.Security.Cryptography;
using System.Text;
using Guardian.Files.Durable;

namespace Guardian.Volumes;

/// <summary>The key of a volume, 32 bytes. Cleared when disposed.</summary>
public sealed class VolumeKey : IDisposable
{
    /// <summary>Bytes.</summary>
    public const int Size = 32;

    private const int MaxFileSize = 1024;
    private readonly byte[] key;

    /// <param name="key">32 bytes; they are copied.</param>
    /// <exception cref="ArgumentException">Another size.</exception>
    public VolumeKey(ReadOnlySpan<byte> key)
    {
        if (key.Length != Size)
        {
            throw new ArgumentException($"a volume key has {Size} bytes", nameof(key));
        }
        this.key = key.ToArray();
    }

    internal ReadOnlySpan<byte> Bytes => key;

    /// <summary>Draws a key.</summary>
    public static VolumeKey Create()
    {
        Span<byte> drawn = stackalloc byte[Size];
        RandomNumberGenerator.Fill(drawn);
        var key = new VolumeKey(drawn);
        CryptographicOperations.ZeroMemory(drawn);
        return key;
    }

    /// <summary>Reads a key from a file of 64 hexadecimal digits, or of 32 bytes.</summary>
    /// <exception cref="InvalidDataException">The file holds something else.</exception>
    public static VolumeKey Load(string path)
    {
        if (new FileInfo(path).Length > MaxFileSize)
        {
            throw new InvalidDataException($"{path} holds no volume key: it is too large");
        }
        var content = File.ReadAllBytes(path);
        try
        {
            return TryRead(content) ?? throw new InvalidDataException($"{path} holds no volume key: 64 hexadecimal digits, or 32 bytes");
        }
        finally
        {
            CryptographicOperations.ZeroMemory(content);
        }
    }

    /// <summary>Writes the key as 64 hexadecimal digits into a file, readable by its owner alone.</summary>
    public void Save(string path)
    {
        var text = Encoding.ASCII.GetBytes(Convert.ToHexStringLower(key) + "\n");
        DurableFile.Replace(path, text);
        CryptographicOperations.ZeroMemory(text);
    }

    /// <inheritdoc/>
    public void Dispose() => CryptographicOperations.ZeroMemory(key);

    internal static VolumeKey? TryRead(ReadOnlySpan<byte> content)
    {
        if (content.Length == Size)
        {
            return new VolumeKey(content);
        }
        var digits = content.TrimEnd("\r\n "u8);
        Span<byte> read = stackalloc byte[Size];
        var isKey = digits.Length == 2 * Size && Convert.FromHexString(digits, read, out _, out _) == System.Buffers.OperationStatus.Done;
        var key = isKey ? new VolumeKey(read) : null;
        CryptographicOperations.ZeroMemory(read);
        return key;
    }
}
