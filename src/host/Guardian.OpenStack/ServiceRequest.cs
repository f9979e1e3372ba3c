using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Guardian.OpenStack;

/// <summary>A service of a cloud as Guardian speaks to it.</summary>
/// <param name="Name">For people.</param>
/// <param name="Type">In the catalog.</param>
/// <param name="Microversion">The oldest that has all we need, so that every later release takes it.</param>
/// <param name="VersionPath">Added to an endpoint that does not name a version.</param>
internal sealed record ServiceKind(string Name, string Type, string Microversion, string VersionPath)
{
    /// <summary>Allocations with consumer generations (1.28), nested providers (1.14); Rocky.</summary>
    public static ServiceKind Placement { get; } = new("placement", "placement", "1.28", "");

    /// <summary>Extra specs inside servers (2.47) and flavors (2.61), identifiers of hypervisors (2.53), pages of usage (2.40) and of actions (2.58); Rocky.</summary>
    public static ServiceKind Nova { get; } = new("nova", "compute", "2.61", "v2.1/");

    /// <summary>Names of projects.</summary>
    public static ServiceKind Keystone { get; } = new("keystone", "identity", "", "v3/");

    public Uri Address(string endpoint)
    {
        var address = endpoint.TrimEnd('/') + "/";
        var isVersioned = VersionPath.Length == 0 || new Uri(address).AbsolutePath.Split('/').Any(part => part.Length > 1 && part[0] == 'v' && char.IsAsciiDigit(part[1]));
        return new Uri(isVersioned ? address : address + VersionPath);
    }
}

/// <summary>One request to a service, which can be made as often as it is sent.</summary>
internal sealed record ServiceRequest(ServiceKind Service, HttpMethod Method, string Path, byte[]? Body = null)
{
    /// <summary>Whether doing it twice has the effect of doing it once.</summary>
    public bool IsRepeatable => Method != HttpMethod.Post;

    public static ServiceRequest Create<T>(ServiceKind service, HttpMethod method, string path, T body, JsonTypeInfo<T> type) =>
        new(service, method, path, JsonSerializer.SerializeToUtf8Bytes(body, type));

    public HttpRequestMessage Create(Uri address, string token)
    {
        var request = new HttpRequestMessage(Method, address);
        request.Headers.Add("X-Auth-Token", token);
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("application/json"));
        if (Service.Microversion.Length > 0)
        {
            request.Headers.Add("OpenStack-API-Version", $"{Service.Type} {Service.Microversion}");
        }
        request.Content = Body is null ? null : Json(Body);
        return request;
    }

    public static ByteArrayContent Json(byte[] body)
    {
        var content = new ByteArrayContent(body);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        return content;
    }

    public override string ToString() => $"{Service.Name} {Method} {Path}";
}

/// <summary>What a service says when it refuses. Each has its own shape; all put a sentence somewhere.</summary>
internal static class ServiceError
{
    private const int MaxMessageSize = 500;

    public static OpenStackException From(string what, HttpStatusCode status, ReadOnlySpan<byte> body) => new(
        status switch
        {
            HttpStatusCode.Unauthorized => OpenStackFailure.Unauthorized,
            HttpStatusCode.Forbidden => OpenStackFailure.Forbidden,
            HttpStatusCode.NotFound => OpenStackFailure.NotFound,
            HttpStatusCode.Conflict => OpenStackFailure.Conflict,
            >= HttpStatusCode.InternalServerError or HttpStatusCode.TooManyRequests => OpenStackFailure.Unreachable,
            _ => OpenStackFailure.Refused,
        },
        $"{what}: {(int)status}{Sentence(body)}", null, status);

    // Keystone: {"error":{"message"}}; Placement: {"errors":[{"detail"}]}; Nova: {"badRequest":{"message"}}.
    private static string Sentence(ReadOnlySpan<byte> body)
    {
        try
        {
            var reader = new Utf8JsonReader(body);
            while (reader.Read())
            {
                if (reader.TokenType == JsonTokenType.PropertyName && (reader.ValueTextEquals("message") || reader.ValueTextEquals("detail"))
                    && reader.Read() && reader.TokenType == JsonTokenType.String)
                {
                    var text = string.Join(' ', reader.GetString()!.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
                    return ": " + (text.Length > MaxMessageSize ? text[..MaxMessageSize] : text);
                }
            }
        }
        catch (Exception failure) when (failure is JsonException or InvalidOperationException)
        {
            // A proxy's page, not the service's: the status has to do.
        }
        return "";
    }
}
