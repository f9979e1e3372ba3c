using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Guardian.Cas.Client.Sessions;

namespace Guardian.Cas.Secrets;

/// <summary>Makes tokens: JWT (RFC 7519), compact JWS.</summary>
internal static class TokenMaker
{
    // 128 random bits never repeat.
    private const int IdSize = 16;

    /// <summary>Makes a token of a <see cref="SecretKind.Jwt"/> secret, ASCII.</summary>
    public static byte[] Make(SessionSecret secret, ReadOnlySpan<byte> pkcs8, DateTimeOffset now)
    {
        using var key = KeyPair.Open(pkcs8);
        var content = $"{Encode($$"""{"alg":"{{key.JoseAlgorithm}}","typ":"JWT"}""")}.{Encode(WriteClaims(secret, now))}";
        return Encoding.ASCII.GetBytes($"{content}.{Base64Url.EncodeToString(key.Sign(Encoding.ASCII.GetBytes(content)))}");
    }

    private static string WriteClaims(SessionSecret secret, DateTimeOffset now)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            foreach (var (name, value) in secret.Claims)
            {
                json.WriteString(name, value);
            }
            json.WriteNumber("iat", now.ToUnixTimeSeconds());
            json.WriteNumber("exp", (now + secret.ValidFor).ToUnixTimeSeconds());
            if (!secret.Claims.ContainsKey("jti"))
            {
                json.WriteString("jti", Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(IdSize)));
            }
            json.WriteEndObject();
        }
        return Encoding.UTF8.GetString(buffer.ToArray());
    }

    private static string Encode(string text) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(text));
}
