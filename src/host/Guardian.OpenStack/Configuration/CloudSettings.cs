using Guardian.Refusals;

namespace Guardian.OpenStack.Configuration;

/// <summary>
/// A cloud's address and a user's credentials, as the stock client finds them in <c>clouds.yaml</c> and <c>OS_*</c> variables. Holds
/// secrets.
/// </summary>
public sealed class CloudSettings
{
    // The stock client's names: of variables, without OS_, and of members of clouds.yaml. These stand below auth, the next ones beside it.
    private static readonly string[] AuthMembers =
    [
        "auth_url", "username", "user_id", "password", "token", "user_domain_name", "user_domain_id",
        "project_name", "project_id", "project_domain_name", "project_domain_id",
        "domain_name", "domain_id", "default_domain", "default_domain_id", "default_domain_name", "tenant_name", "tenant_id",
        "application_credential_id", "application_credential_name", "application_credential_secret", "system_scope",
    ];

    private static readonly string[] OtherMembers =
        ["auth_type", "region_name", "interface", "endpoint_type", "cacert", "compute_endpoint_override", "placement_endpoint_override"];

    private readonly IReadOnlyDictionary<string, string> values;

    /// <param name="values">The values by their names in <c>clouds.yaml</c>; empty values count as absent.</param>
    /// <exception cref="RefusedException"><see cref="CloudReasons.Settings"/>: <c>auth_url</c> is absent or malformed.</exception>
    public CloudSettings(IReadOnlyDictionary<string, string> values)
    {
        ArgumentNullException.ThrowIfNull(values);
        this.values = values;
        AuthAddress = ParseAuthAddress(this["auth_url"] ?? throw new RefusedException(CloudReasons.Settings.Because(
            "no cloud is given: set OS_CLOUD to a name in clouds.yaml, or OS_AUTH_URL and its companions as for the openstack client")));
        Interface = (this["interface"] ?? this["endpoint_type"] ?? "public").Replace("URL", "", StringComparison.Ordinal);
    }

    /// <summary>The address of Keystone, version 3, with a slash at its end.</summary>
    internal Uri AuthAddress { get; }

    /// <summary>The kind of endpoint that is used: public, internal or admin.</summary>
    internal string Interface { get; }

    /// <summary>The region whose endpoints are used; null for any.</summary>
    internal string? Region => this["region_name"];

    /// <summary>The PEM file of the authorities that sign the cloud's certificates; null for the machine's own.</summary>
    internal string? AuthorityFile => this["cacert"];

    /// <summary>The longest time for one request.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>The most attempts for a request that the service does not answer.</summary>
    public int MaxAttempts { get; init; } = 4;

    /// <summary>A value by its name in <c>clouds.yaml</c>; null when it is absent.</summary>
    internal string? this[string name] => values.GetValueOrDefault(name) is { Length: > 0 } value ? value : null;

    /// <summary>Reads settings as the stock client does: the named cloud of <c>clouds.yaml</c>, then <c>OS_*</c> variables.</summary>
    /// <param name="cloud">The name in <c>clouds.yaml</c>; null means <c>OS_CLOUD</c>.</param>
    /// <param name="environment">Looks up a variable.</param>
    /// <exception cref="RefusedException"><see cref="CloudReasons.Settings"/>: the file or the cloud does not exist, or no cloud is
    /// named.</exception>
    public static CloudSettings Load(string? cloud, Func<string, string?> environment)
    {
        ArgumentNullException.ThrowIfNull(environment);
        var name = cloud ?? environment("OS_CLOUD");
        var values = string.IsNullOrEmpty(name) ? [] : CloudFile.Read(name, environment);
        foreach (var member in AuthMembers.Concat(OtherMembers))
        {
            if (environment($"OS_{member.ToUpperInvariant()}") is { Length: > 0 } value)
            {
                values[member] = value;
            }
        }
        return string.IsNullOrEmpty(name) || values.ContainsKey("auth_url")
            ? new CloudSettings(values)
            : throw new RefusedException(CloudReasons.Settings.Because(
                $"cloud '{name}' has no auth_url in its file, and OS_AUTH_URL is not set; profiles of vendors are not read"));
    }

    private static Uri ParseAuthAddress(string text)
    {
        if (!Uri.TryCreate(text.TrimEnd('/'), UriKind.Absolute, out var address) || address.Scheme is not ("http" or "https"))
        {
            throw new RefusedException(CloudReasons.Settings.Because($"auth_url '{text}' is not an http or https address"));
        }
        return new Uri(
            address.AbsolutePath.EndsWith("/v3", StringComparison.Ordinal) ? $"{address}/" : $"{address.ToString().TrimEnd('/')}/v3/");
    }
}
