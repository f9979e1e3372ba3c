using System.Security.Cryptography;

namespace Guardian.CleanRoom.Privacy;

/// <summary>Draws uniformly distributed bytes.</summary>
internal interface IRandomBytes
{
    /// <summary>Fills a buffer.</summary>
    void Fill(Span<byte> bytes);
}

/// <summary>The operating system's generator.</summary>
internal sealed class SecureRandomBytes : IRandomBytes
{
    /// <inheritdoc/>
    public void Fill(Span<byte> bytes) => RandomNumberGenerator.Fill(bytes);
}
