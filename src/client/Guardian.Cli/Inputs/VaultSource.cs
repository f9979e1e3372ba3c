using System.Net;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using Guardian.Attestation.RaTls;
using Guardian.Cli.Failures;
using Guardian.Refusals;

namespace Guardian.Cli.Inputs;

/// <summary>
/// Reads secrets from HashiCorp Vault or OpenBao, with the variables of their command line: <c>VAULT_ADDR</c>, <c>VAULT_TOKEN</c> (or the
/// file <c>~/.vault-token</c>), <c>VAULT_CACERT</c> and <c>VAULT_NAMESPACE</c>.
/// </summary>
internal sealed class VaultSource : IDisposable
{
    private const string TokenHeader = "X-Vault-Token";
    private const string NamespaceHeader = "X-Vault-Namespace";
    private const int MaxAnswer = 1024 * 1024;

    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(30);

    private readonly HttpClient http;

    private VaultSource(HttpClient http) => this.http = http;

    /// <summary>Prepares calls as the variables say.</summary>
    /// <exception cref="RefusedException">A variable is missing or malformed.</exception>
    public static VaultSource Open()
    {
        var address = ReadAddress();
        var handler = new SocketsHttpHandler { AllowAutoRedirect = false, ConnectTimeout = Timeout };
        if (Find("VAULT_CACERT") is { } file)
        {
            handler.SslOptions = new SslClientAuthenticationOptions { CertificateChainPolicy = ReadAuthorities(file) };
        }
        var http = new HttpClient(handler) { BaseAddress = address, Timeout = Timeout, MaxResponseContentBufferSize = MaxAnswer };
        http.DefaultRequestHeaders.Add(TokenHeader, ReadToken());
        if (Find("VAULT_NAMESPACE") is { } space)
        {
            http.DefaultRequestHeaders.Add(NamespaceHeader, space);
        }
        return new VaultSource(http);
    }

    /// <summary>Reads a field of a secret of the engine KV, version 2.</summary>
    /// <param name="place"><c>MOUNT/PATH#FIELD</c>, for example <c>secret/shop#password</c>.</param>
    /// <exception cref="RefusedException">The place is malformed, or Vault does not give it.</exception>
    public async Task<string> ReadAsync(string place, CancellationToken cancellation)
    {
        var (path, field) = place.Split('#') is [var before, { Length: > 0 } after] ? (before, after) : ("", "");
        if (path.Split('/', 2) is not [{ Length: > 0 } mount, { Length: > 0 } rest] || !IsPath(path))
        {
            throw CliReasons.BadVault.Refuse($"'{place}' is no place in Vault", "give MOUNT/PATH#FIELD, for example secret/shop#password");
        }
        using var answer = await SendAsync(HttpMethod.Get, $"v1/{Escape(mount)}/data/{Escape(rest)}", null, cancellation)
            .ConfigureAwait(false);
        return FindText(answer.RootElement, "data", "data", field)
            ?? throw CliReasons.NoVault.Refuse($"Vault's secret {path} has no text in the field '{field}'");
    }

    /// <summary>Lets the engine transit decrypt a text.</summary>
    /// <param name="key"><c>MOUNT/KEY</c>, for example <c>transit/shop</c>.</param>
    /// <param name="ciphertext">The text, <c>vault:v1:…</c>.</param>
    /// <exception cref="RefusedException">The key is malformed, or Vault does not decrypt.</exception>
    public async Task<byte[]> DecryptAsync(string key, string ciphertext, CancellationToken cancellation)
    {
        var slash = key.LastIndexOf('/');
        if (slash <= 0 || slash == key.Length - 1 || !IsPath(key))
        {
            throw CliReasons.BadVault.Refuse($"'{key}' is no key in Vault", "give MOUNT/KEY, for example transit/shop");
        }
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteString("ciphertext", ciphertext);
            json.WriteEndObject();
        }
        var path = $"v1/{Escape(key[..slash])}/decrypt/{Escape(key[(slash + 1)..])}";
        using var content = new ByteArrayContent(buffer.ToArray());
        content.Headers.ContentType = new("application/json");
        using var answer = await SendAsync(HttpMethod.Post, path, content, cancellation).ConfigureAwait(false);
        var plaintext = FindText(answer.RootElement, "data", "plaintext");
        var bytes = new byte[plaintext?.Length ?? 0];
        return Convert.TryFromBase64String(plaintext ?? "", bytes, out var size) && size > 0
            ? bytes[..size]
            : throw CliReasons.NoVault.Refuse("Vault's answer has no plaintext");
    }

    /// <inheritdoc/>
    public void Dispose() => http.Dispose();

    private static Uri ReadAddress()
    {
        var text = Find("VAULT_ADDR") ?? throw CliReasons.BadVault.Refuse("the variable VAULT_ADDR is not set");
        // Vault's development server has no TLS, and listens on loopback only.
        return Uri.TryCreate(text.TrimEnd('/') + "/", UriKind.Absolute, out var address)
            && (address.Scheme == Uri.UriSchemeHttps || (address.Scheme == Uri.UriSchemeHttp && address.IsLoopback))
            ? address
            : throw CliReasons.BadVault.Refuse($"VAULT_ADDR is '{text}', which is no https address", "give https://host:port");
    }

    private static string ReadToken()
    {
        if (Find("VAULT_TOKEN") is { } token)
        {
            return token;
        }
        var file = Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".vault-token");
        return File.Exists(file)
            ? InputFile.ReadText(file).Trim()
            : throw CliReasons.BadVault.Refuse("there is no token of Vault", "set VAULT_TOKEN, or run: vault login");
    }

    private static X509ChainPolicy ReadAuthorities(string file)
    {
        var policy = RaTlsTransport.WithoutDownloads;
        policy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        try
        {
            policy.CustomTrustStore.ImportFromPem(InputFile.ReadText(file));
        }
        catch (CryptographicException failure)
        {
            throw new RefusedException(CliReasons.BadCertificate.Because($"{file} holds no certificates in PEM"), failure);
        }
        return policy;
    }

    private async Task<JsonDocument> SendAsync(HttpMethod method, string path, HttpContent? content, CancellationToken cancellation)
    {
        try
        {
            using var request = new HttpRequestMessage(method, path) { Content = content };
            using var response = await http.SendAsync(request, cancellation).ConfigureAwait(false);
            if (response.StatusCode != HttpStatusCode.OK)
            {
                throw CliReasons.NoVault.Refuse($"Vault at {http.BaseAddress} answers {(int)response.StatusCode} for {path}");
            }
            return JsonDocument.Parse(await response.Content.ReadAsByteArrayAsync(cancellation).ConfigureAwait(false));
        }
        catch (Exception failure) when (failure is HttpRequestException or JsonException or IOException
            || (failure is TaskCanceledException && !cancellation.IsCancellationRequested))
        {
            throw new RefusedException(
                CliReasons.NoVault.Because(
                    $"Vault at {http.BaseAddress} does not answer as one: {(failure is JsonException ? "no JSON" : failure.Message)}"),
                failure);
        }
    }

    private static string? FindText(JsonElement element, params ReadOnlySpan<string> names)
    {
        foreach (var name in names)
        {
            if (element.ValueKind != JsonValueKind.Object || !element.TryGetProperty(name, out element))
            {
                return null;
            }
        }
        return element.ValueKind == JsonValueKind.String ? element.GetString() : null;
    }

    // HTTP clients shorten a path with dots, and would ask for another one.
    private static bool IsPath(string path) => path.Split('/').All(part => part is not ("" or "." or ".."));

    private static string Escape(string path) => string.Join('/', path.Split('/').Select(Uri.EscapeDataString));

    private static string? Find(string variable) =>
        Environment.GetEnvironmentVariable(variable) is { Length: > 0 } value ? value : null;
}
