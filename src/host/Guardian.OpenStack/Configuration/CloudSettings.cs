namespace Guardian.OpenStack.Configuration;

/// <summary>How to reach a cloud and as whom: what the stock client takes from <c>clouds.yaml</c> and <c>OS_*</c> variables. Holds secrets.</summary>
public sealed class CloudSettings
{
    // The stock client's names, as variables without OS_ and as members of clouds.yaml: those under auth, then those beside it.
    private static readonly string[] AuthMembers =
    [
        "auth_url", "username", "user_id", "password", "token", "user_domain_name", "user_domain_id", "project_name", "project_id", "project_domain_name",
        "project_domain_id", "domain_name", "domain_id", "default_domain", "default_domain_id", "default_domain_name", "tenant_name", "tenant_id",
        "application_credential_id", "application_credential_name", "application_credential_secret", "system_scope",
    ];

    private static readonly string[] OtherMembers = ["auth_type", "region_name", "interface", "endpoint_type", "cacert", "compute_endpoint_override", "placement_endpoint_override"];

    private readonly IReadOnlyDictionary<string, string> values;

    /// <param name="values">By the names of <c>clouds.yaml</c>; empty values count as absent.</param>
    /// <exception cref="OpenStackException">Without <c>auth_url</c> there is nothing to talk to.</exception>
    public CloudSettings(IReadOnlyDictionary<string, string> values)
    {
        ArgumentNullException.ThrowIfNull(values);
        this.values = values;
        AuthAddress = ParseAuthAddress(this["auth_url"] ?? throw new OpenStackException(
            OpenStackFailure.Settings, "no cloud is given: set OS_CLOUD to a name in clouds.yaml, or OS_AUTH_URL and its companions as for the openstack client"));
        Interface = (this["interface"] ?? this["endpoint_type"] ?? "public").Replace("URL", "", StringComparison.Ordinal);
    }

    /// <summary>Keystone, version 3, with a slash at its end.</summary>
    public Uri AuthAddress { get; }

    /// <summary>Which of a service's endpoints is used: public, internal or admin.</summary>
    public string Interface { get; }

    /// <summary>The region whose endpoints are used, or null for any.</summary>
    public string? Region => this["region_name"];

    /// <summary>PEM file of the authorities that sign the cloud's certificates, or null for the machine's own.</summary>
    public string? AuthorityFile => this["cacert"];

    /// <summary>How long one request may take.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How often a request is sent at most when the service does not answer or is out of order.</summary>
    public int MaxAttempts { get; init; } = 4;

    /// <summary>A value by its name in <c>clouds.yaml</c>, or null.</summary>
    internal string? this[string name] => values.GetValueOrDefault(name) is { Length: > 0 } value ? value : null;

    /// <summary>Reads settings where the stock client does: a cloud of <c>clouds.yaml</c> when one is named, and <c>OS_*</c> variables over it.</summary>
    /// <param name="cloud">The name in <c>clouds.yaml</c>; null takes <c>OS_CLOUD</c>.</param>
    /// <param name="environment">Looks a variable up.</param>
    /// <exception cref="OpenStackException">The file or the cloud is not there, or no cloud is named at all.</exception>
    public static CloudSettings Load(string? cloud, Func<string, string?> environment)
    {
        ArgumentNullException.ThrowIfNull(environment);
        var values = new Dictionary<string, string>();
        if ((cloud ?? environment("OS_CLOUD")) is { Length: > 0 } name)
        {
            values = CloudFile.Read(name, environment);
        }
        foreach (var member in AuthMembers.Concat(OtherMembers))
        {
            if (environment($"OS_{member.ToUpperInvariant()}") is { Length: > 0 } value)
            {
                values[member] = value;
            }
        }
        return new CloudSettings(values);
    }

    private static Uri ParseAuthAddress(string text)
    {
        if (!Uri.TryCreate(text.TrimEnd('/'), UriKind.Absolute, out var address) || address.Scheme is not ("http" or "https"))
        {
            throw new OpenStackException(OpenStackFailure.Settings, $"auth_url '{text}' is no http or https address");
        }
        return new Uri(address.AbsolutePath.EndsWith("/v3", StringComparison.Ordinal) ? $"{address}/" : $"{address.ToString().TrimEnd('/')}/v3/");
    }
}
