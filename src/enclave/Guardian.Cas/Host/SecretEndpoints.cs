using Guardian.Cas.Client.Protocol;
using Guardian.Cas.Client.Sessions;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using static Guardian.Cas.Host.CasEndpoints;

namespace Guardian.Cas.Host;

/// <summary>The calls about values that people set and read, and about tokens for starts.</summary>
internal static class SecretEndpoints
{
    // Base64 makes a value longer, and names stand beside it.
    private const int MaxChangeSize = (SecretValues.MaxSize * 2) + 4096;

    /// <summary>Maps the calls.</summary>
    public static void Map(WebApplication app, CasServices services)
    {
        const string ChangeForm = "{\"session\": …, \"name\": …, \"sessionHash\": …, \"value\": …}";
        app.MapGet("/v1/secrets", Answer(
            maxSize: 0, StatusCodes.Status200OK, CasJson.Default.SecretList,
            (context, _) => services.Secrets.ListAsync(QueryOf(context, "session"), CallerKeyOf(context))));
        app.MapGet("/v1/secrets/{name}", Answer(
            maxSize: 0, StatusCodes.Status200OK, CasJson.Default.SecretReading,
            (context, _) => services.Secrets.ReadAsync(QueryOf(context, "session"), NameOf(context), CallerKeyOf(context))));
        app.MapPost("/v1/start-tokens", Answer(
            MaxRequestSize, StatusCodes.Status201Created, CasJson.Default.StartToken,
            (context, body) => services.StartTokens.IssueAsync(
                Read(body, CasJson.Default.StartTokenRequest, "{\"session\": …, \"service\": …}"), CallerKeyOf(context))));
        app.MapGet("/v1/sealing-key", Answer(
            maxSize: 0, StatusCodes.Status200OK, CasJson.Default.SealingKey, (_, _) => services.Secrets.ReadSealingKeyAsync()));
        app.MapPut("/v1/secrets/{name}", Answer(
            MaxChangeSize, StatusCodes.Status200OK, CasJson.Default.SecretDescription,
            (context, body) =>
            {
                var change = Read(body, CasJson.Default.SecretChange, ChangeForm);
                return change.Name == NameOf(context)
                    ? services.Secrets.SetAsync(change, CallerKeyOf(context))
                    : throw Refuse($"the body names the secret '{change.Name}'");
            }));
    }
}
