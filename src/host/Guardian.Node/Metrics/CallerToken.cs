using System.Security.Cryptography;
using System.Text;
using Guardian.Refusals;

namespace Guardian.Node.Metrics;

/// <summary>The token that callers of monitoring and billing present (RFC 6750). An operator changes it by replacing the file.</summary>
internal sealed class CallerToken
{
    private const string Scheme = "Bearer ";
    private const int MinSize = 32;
    private const int MaxSize = 1024;

    private readonly string path;

    /// <param name="path">The file; white space around the token does not count.</param>
    /// <exception cref="RefusedException"><see cref="EndpointReasons.BadToken"/>.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The file cannot be read.</exception>
    public CallerToken(string path)
    {
        this.path = path;
        if (Read() is null)
        {
            throw new RefusedException(EndpointReasons.BadToken.Because(
                $"{path} has no token of {MinSize} to {MaxSize} printable characters without blanks"));
        }
    }

    /// <summary>Whether a request's <c>Authorization</c> has the token. A file that cannot be read admits nobody.</summary>
    public bool Admits(string? authorization)
    {
        if (authorization is null || !authorization.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase)
            || authorization.Length > Scheme.Length + MaxSize)
        {
            return false;
        }
        try
        {
            return Read() is { } token && CryptographicOperations.FixedTimeEquals(
                SHA256.HashData(Encoding.UTF8.GetBytes(token)),
                SHA256.HashData(Encoding.UTF8.GetBytes(authorization[Scheme.Length..].Trim())));
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private string? Read()
    {
        using var file = File.OpenText(path);
        var buffer = new char[MaxSize + 64];
        var token = new string(buffer, 0, file.ReadBlock(buffer)).Trim();
        return token.Length is >= MinSize and <= MaxSize && token.All(character => character is > ' ' and < (char)127)
            ? token : null;
    }
}
