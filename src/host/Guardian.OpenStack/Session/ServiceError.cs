using System.Net;
using System.Text.Json;
using Guardian.Refusals;

namespace Guardian.OpenStack.Session;

/// <summary>Reads a service's refusal. Each service has its own shape, and all have a sentence somewhere.</summary>
internal static class ServiceError
{
    private const int MaxMessageSize = 500;

    /// <summary>Makes a refusal from an answer.</summary>
    /// <param name="request">The request, for people.</param>
    /// <param name="status">The answer's status.</param>
    /// <param name="body">The answer's body.</param>
    public static RefusedException Read(string request, HttpStatusCode status, ReadOnlySpan<byte> body)
    {
        var reason = status switch
        {
            HttpStatusCode.Unauthorized => CloudReasons.Unauthorized,
            HttpStatusCode.Forbidden => CloudReasons.Forbidden,
            HttpStatusCode.NotFound => CloudReasons.NotFound,
            HttpStatusCode.Conflict => CloudReasons.Conflict,
            >= HttpStatusCode.InternalServerError or HttpStatusCode.TooManyRequests => CloudReasons.Unreachable,
            _ => CloudReasons.Refused,
        };
        return new RefusedException(reason.Because($"{request}: {(int)status}{ReadSentence(status, body)}"));
    }

    // Keystone: {"error":{"message"}}; Placement: {"errors":[{"detail"}]}; Nova: {"badRequest":{"message"}}.
    private static string ReadSentence(HttpStatusCode status, ReadOnlySpan<byte> body)
    {
        try
        {
            var reader = new Utf8JsonReader(body);
            while (reader.Read())
            {
                if (reader.TokenType == JsonTokenType.PropertyName
                    && (reader.ValueTextEquals("message") || reader.ValueTextEquals("detail"))
                    && reader.Read() && reader.TokenType == JsonTokenType.String)
                {
                    var plain = string.Concat(reader.GetString()!.Select(each => char.IsControl(each) ? ' ' : each));
                    var words = plain.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
                    var text = string.Join(' ', words);
                    return ": " + (text.Length > MaxMessageSize ? text[..MaxMessageSize] : text);
                }
            }
        }
        catch (Exception failure) when (failure is JsonException or InvalidOperationException)
        {
            // The page is a proxy's, not the service's: the status must suffice.
        }
        return $" ({status})";
    }
}
