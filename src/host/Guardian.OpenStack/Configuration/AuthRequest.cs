using System.Text.Json.Nodes;
using Guardian.Refusals;

namespace Guardian.OpenStack.Configuration;

/// <summary>
/// Makes the body of <c>POST /v3/auth/tokens</c> from settings: identity API v3, with "Password", "Token" and "Application credential"
/// authentication.
/// </summary>
internal static class AuthRequest
{
    /// <summary>Makes the body.</summary>
    /// <exception cref="RefusedException"><see cref="CloudReasons.Settings"/>: the settings lack a value that their kind of authentication
    /// needs.</exception>
    public static byte[] Create(CloudSettings settings)
    {
        var identity = MakeIdentity(settings, out var isScopedByItself);
        var auth = new JsonObject { ["identity"] = identity };
        if (!isScopedByItself && MakeScope(settings) is { } scope)
        {
            auth["scope"] = scope;
        }
        return System.Text.Encoding.UTF8.GetBytes(new JsonObject { ["auth"] = auth }.ToJsonString());
    }

    private static JsonObject MakeIdentity(CloudSettings settings, out bool isScopedByItself)
    {
        isScopedByItself = false;
        var kind = settings["auth_type"]
            ?? (settings["application_credential_secret"] is not null ? "v3applicationcredential"
            : settings["token"] is not null ? "token"
            : "password");
        switch (kind)
        {
            case "password" or "v3password":
                var user = MakeUser(settings);
                user["password"] = Require(settings, "password");
                return MakeMethod("password", new JsonObject { ["user"] = user });
            case "token" or "v3token":
                return MakeMethod("token", new JsonObject { ["id"] = Require(settings, "token") });
            case "v3applicationcredential":
                isScopedByItself = true;
                var credential = new JsonObject { ["secret"] = Require(settings, "application_credential_secret") };
                if (settings["application_credential_id"] is { } id)
                {
                    credential["id"] = id;
                }
                else
                {
                    credential["name"] = Require(settings, "application_credential_name");
                    credential["user"] = MakeUser(settings);
                }
                return MakeMethod("application_credential", credential);
            default:
                throw new RefusedException(CloudReasons.Settings.Because(
                    $"auth_type '{kind}' is not supported; use password, v3token or v3applicationcredential"));
        }
    }

    private static JsonObject MakeMethod(string name, JsonObject content) => new() { ["methods"] = new JsonArray(name), [name] = content };

    private static JsonObject MakeUser(CloudSettings settings) => settings["user_id"] is { } id
        ? new JsonObject { ["id"] = id }
        : new JsonObject { ["name"] = Require(settings, "username"), ["domain"] = MakeDomain(settings, "user_domain") };

    private static JsonObject? MakeScope(CloudSettings settings)
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
            return new JsonObject { ["project"] = new JsonObject { ["name"] = name, ["domain"] = MakeDomain(settings, "project_domain") } };
        }
        return settings["domain_id"] is null && settings["domain_name"] is null
            ? null
            : new JsonObject { ["domain"] = MakeDomain(settings, "domain") };
    }

    // Without a domain the stock client uses the domain with the identifier "default".
    private static JsonObject MakeDomain(CloudSettings settings, string prefix) => settings[$"{prefix}_id"] is { } id
        ? new JsonObject { ["id"] = id }
        : (settings[$"{prefix}_name"] ?? settings["default_domain_name"]) is { } name
            ? new JsonObject { ["name"] = name }
            : new JsonObject { ["id"] = settings["default_domain"] ?? settings["default_domain_id"] ?? "default" };

    private static string Require(CloudSettings settings, string name) => settings[name]
        ?? throw new RefusedException(CloudReasons.Settings.Because(
            $"the cloud's settings lack {name}: set it in clouds.yaml, or OS_{name.ToUpperInvariant()}"));
}
