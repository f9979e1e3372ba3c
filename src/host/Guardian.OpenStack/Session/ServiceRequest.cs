using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Guardian.OpenStack.Session;

/// <summary>A request to a service. Each attempt to send it makes a new HTTP message.</summary>
/// <param name="Service">The service.</param>
/// <param name="Method">The HTTP method.</param>
/// <param name="Path">The path below the service's address.</param>
/// <param name="Body">JSON; null when there is none.</param>
internal sealed record ServiceRequest(ServiceKind Service, HttpMethod Method, string Path, byte[]? Body = null)
{
    /// <summary>Whether two sendings have the effect of one.</summary>
    public bool IsRepeatable => Method != HttpMethod.Post;

    public static ServiceRequest Create<T>(ServiceKind service, HttpMethod method, string path, T body, JsonTypeInfo<T> type) =>
        new(service, method, path, JsonSerializer.SerializeToUtf8Bytes(body, type));

    public HttpRequestMessage CreateMessage(Uri address, string token)
    {
        var request = new HttpRequestMessage(Method, address);
        request.Headers.Add("X-Auth-Token", token);
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("application/json"));
        if (Service.Microversion.Length > 0)
        {
            request.Headers.Add("OpenStack-API-Version", $"{Service.Type} {Service.Microversion}");
        }
        request.Content = Body is null ? null : CreateContent(Body);
        return request;
    }

    public static ByteArrayContent CreateContent(byte[] body)
    {
        var content = new ByteArrayContent(body);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        return content;
    }

    public override string ToString() => $"{Service.Name} {Method} {Path}";
}
