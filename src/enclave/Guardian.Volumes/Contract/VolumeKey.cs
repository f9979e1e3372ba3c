using System.Buffers;
using System.Security.Cryptography;
using System.Text;
using Guardian.Files.Durable;

namespace Guardian.Volumes.Contract;

/// <summary>The key of a volume. Its memory is cleared when it is disposed. Thread-safe but for <see cref="Dispose"/>.</summary>
public sealed class VolumeKey : IDisposable
{
    /// <summary>Bytes of a key.</summary>
    public const int Size = 32;

    private const int MaxFileSize = 1024;
    private readonly byte[] key;

    /// <summary>Copies a key.</summary>
    /// <param name="key"><see cref="Size"/> random bytes.</param>
    /// <exception cref="ArgumentException"><paramref name="key"/> has another size.</exception>
    public VolumeKey(ReadOnlySpan<byte> key)
    {
        if (key.Length != Size)
        {
            throw new ArgumentException($"a volume key has {Size} bytes", nameof(key));
        }
        this.key = key.ToArray();
    }

    internal ReadOnlySpan<byte> Bytes => key;

    /// <summary>Draws a random key.</summary>
    /// <returns>The key; the caller disposes it.</returns>
    public static VolumeKey Create()
    {
        Span<byte> drawn = stackalloc byte[Size];
        RandomNumberGenerator.Fill(drawn);
        var key = new VolumeKey(drawn);
        CryptographicOperations.ZeroMemory(drawn);
        return key;
    }

    /// <summary>Reads a key from a file.</summary>
    /// <param name="path">A file of 64 hexadecimal digits, or of 32 bytes.</param>
    /// <returns>The key; the caller disposes it.</returns>
    /// <exception cref="InvalidDataException">The file holds something else.</exception>
    /// <exception cref="IOException">The file is not there, or cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be read.</exception>
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

    /// <summary>Writes the key as 64 hexadecimal digits, durably and with mode 0600.</summary>
    /// <param name="path">The file; one that is there is replaced.</param>
    /// <exception cref="IOException">The file cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be written.</exception>
    public void Save(string path)
    {
        var text = Encoding.ASCII.GetBytes(Convert.ToHexStringLower(key) + "\n");
        DurableFile.Replace(path, text);
        CryptographicOperations.ZeroMemory(text);
    }

    /// <summary>Clears the key.</summary>
    public void Dispose() => CryptographicOperations.ZeroMemory(key);

    internal static VolumeKey? TryRead(ReadOnlySpan<byte> content)
    {
        if (content.Length == Size)
        {
            return new VolumeKey(content);
        }
        var digits = content.TrimEnd("\r\n "u8);
        Span<byte> read = stackalloc byte[Size];
        var isKey = digits.Length == 2 * Size && Convert.FromHexString(digits, read, out _, out _) == OperationStatus.Done;
        var key = isKey ? new VolumeKey(read) : null;
        CryptographicOperations.ZeroMemory(read);
        return key;
    }
}
