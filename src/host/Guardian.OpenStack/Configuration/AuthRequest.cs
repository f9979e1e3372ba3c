using System.Text.Json.Nodes;

namespace Guardian.OpenStack.Configuration;

/// <summary>Makes the body of <c>POST /v3/auth/tokens</c> from settings: identity API v3, "Password", "Token" and "Application credential" authentication.</summary>
internal static class AuthRequest
{
    /// <exception cref="OpenStackException">The settings lack something that their kind of authentication needs.</exception>
    public static byte[] Create(CloudSettings settings)
    {
        var identity = Identity(settings, out var isScopedByItself);
        var auth = new JsonObject { ["identity"] = identity };
        if (!isScopedByItself && Scope(settings) is { } scope)
        {
            auth["scope"] = scope;
        }
        return System.Text.Encoding.UTF8.GetBytes(new JsonObject { ["auth"] = auth }.ToJsonString());
    }

    private static JsonObject Identity(CloudSettings settings, out bool isScopedByItself)
    {
        isScopedByItself = false;
        var kind = settings["auth_type"] ?? (settings["application_credential_secret"] is not null ? "v3applicationcredential" : settings["token"] is not null ? "token" : "password");
        switch (kind)
        {
            case "password" or "v3password":
                var user = User(settings);
                user["password"] = Required(settings, "password");
                return Method("password", new JsonObject { ["user"] = user });
            case "token" or "v3token":
                return Method("token", new JsonObject { ["id"] = Required(settings, "token") });
            case "v3applicationcredential":
                isScopedByItself = true;
                var credential = new JsonObject { ["secret"] = Required(settings, "application_credential_secret") };
                if (settings["application_credential_id"] is { } id)
                {
                    credential["id"] = id;
                }
                else
                {
                    credential["name"] = Required(settings, "application_credential_name");
                    credential["user"] = User(settings);
                }
                return Method("application_credential", credential);
            default:
                throw new OpenStackException(OpenStackFailure.Settings, $"auth_type '{kind}' is not supported; use password, v3token or v3applicationcredential");
        }
    }

    private static JsonObject Method(string name, JsonObject content) => new() { ["methods"] = new JsonArray(name), [name] = content };

    private static JsonObject User(CloudSettings settings) => settings["user_id"] is { } id
        ? new JsonObject { ["id"] = id }
        : new JsonObject { ["name"] = Required(settings, "username"), ["domain"] = Domain(settings, "user_domain") };

    private static JsonObject? Scope(CloudSettings settings)
    {
        if (settings["system_scope"] is not null)
        {
            return new JsonObject { ["system"] = new JsonObject { ["all"] = true } };
        }
        if ((settings["project_id"] ?? settings["tenant_id"]) is { } id)
        {
            return new JsonObject { ["project"] = new JsonObject { ["id"] = id } };
        }
        if ((settings["project_name"] ?? settings["tenant_name"]) is { } name)
        {
            return new JsonObject { ["project"] = new JsonObject { ["name"] = name, ["domain"] = Domain(settings, "project_domain") } };
        }
        return settings["domain_id"] is null && settings["domain_name"] is null ? null : new JsonObject { ["domain"] = Domain(settings, "domain") };
    }

    // Without a domain the stock client takes the one whose identifier is "default".
    private static JsonObject Domain(CloudSettings settings, string of) => settings[$"{of}_id"] is { } id
        ? new JsonObject { ["id"] = id }
        : (settings[$"{of}_name"] ?? settings["default_domain_name"]) is { } name
            ? new JsonObject { ["name"] = name }
            : new JsonObject { ["id"] = settings["default_domain"] ?? settings["default_domain_id"] ?? "default" };

    private static string Required(CloudSettings settings, string name) => settings[name]
        ?? throw new OpenStackException(OpenStackFailure.Settings, $"the cloud's settings lack {name}: set it in clouds.yaml, or OS_{name.ToUpperInvariant()}");
}
