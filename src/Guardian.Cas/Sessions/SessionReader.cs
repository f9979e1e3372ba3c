using System.Buffers;
using System.Text;
using Guardian.Attestation;
using Guardian.Documents;

namespace Guardian.Cas;

/// <summary>Reads a session's members and reports everything wrong at once.</summary>
internal sealed class SessionReader(YamlMap map)
{
    private const int MaxNameSize = 128;
    private const int MaxSecretSize = 4096;

    // RFC 3986, 2.3; a slash parts namespaces.
    private static readonly SearchValues<char> SessionNameCharacters =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/");

    private static readonly SearchValues<char> SecretNameCharacters =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_");

    private static readonly Dictionary<string, SecretKind> Kinds = new() { ["binary"] = SecretKind.Binary, ["ascii"] = SecretKind.Ascii };

    public SessionDocument Read(string hash, string text)
    {
        var name = ReadName(map, "name", SessionNameCharacters);
        if (name.StartsWith('/') || name.EndsWith('/') || name.Contains("//", StringComparison.Ordinal))
        {
            map.ReportAt("name", "a slash stands between two parts of a name");
        }
        if (name.Split('/').Any(part => part is "." or ".."))
        {
            // A client would shorten such an address, and ask for another session.
            map.ReportAt("name", "no part of a name may be '.' or '..'");
        }
        if (map.OptionalText("version") is { } version && version != "0.3")
        {
            map.ReportAt("version", $"'version' must be \"0.3\", not '{version}'");
        }
        var predecessor = map.OptionalText("predecessor");
        if (predecessor is not null && !IsHash(predecessor))
        {
            map.ReportAt("predecessor", "'predecessor' must be the 64 lower-case hex digits of the current session's hash");
        }
        var secrets = Unique("secrets", map.Maps("secrets").Select(ReadSecret), secret => secret.Name);
        var services = Unique("services", map.Maps("services").Select(service => ReadService(service, secrets)), service => service.Name);
        if (services.Count == 0)
        {
            map.ReportAt("services", "'services' must list at least one service");
        }
        map.End();
        return new SessionDocument { Name = name, Hash = hash, Predecessor = predecessor, Services = services, Secrets = secrets, Text = text };
    }

    private List<T> Unique<T>(string member, IEnumerable<T> entries, Func<T, string> nameOf)
    {
        var list = entries.ToList();
        if (list.Count > SessionDocument.MaxEntries)
        {
            map.ReportAt(member, $"'{member}' has {list.Count} entries; at most {SessionDocument.MaxEntries} are kept");
        }
        foreach (var twice in list.GroupBy(nameOf).Where(group => group.Count() > 1))
        {
            map.ReportAt(member, $"'{twice.Key}' stands twice in '{member}'");
        }
        return list;
    }

    private static SessionSecret ReadSecret(YamlMap secret)
    {
        var name = ReadName(secret, "name", SecretNameCharacters);
        if (!secret.Has("kind"))
        {
            secret.ReportMissing("kind");
        }
        var kind = secret.Word("kind", Kinds, SecretKind.Binary);
        var size = secret.OptionalInteger("size", 1, MaxSecretSize);
        var value = secret.OptionalText("value");
        if (secret.Has("value") == secret.Has("size"))
        {
            secret.Report("give a secret either a 'size', to have it made, or a 'value'");
        }
        byte[]? bytes = null;
        if (value is not null && !TryReadValue(kind, value, out bytes))
        {
            secret.ReportAt("value", kind == SecretKind.Binary ? $"a binary value is base64 of at most {MaxSecretSize} bytes" : $"an ascii value has printable ASCII characters, at most {MaxSecretSize}");
        }
        secret.End();
        // Not `bytes` itself: an absent array would convert to a present, empty value.
        return bytes is null ? new SessionSecret(name, kind, (int)(size ?? 1), Value: null) : new SessionSecret(name, kind, bytes.Length, bytes);
    }

    private static bool TryReadValue(SecretKind kind, string value, out byte[]? bytes)
    {
        if (kind == SecretKind.Ascii)
        {
            bytes = Encoding.ASCII.GetBytes(value);
            return value.All(character => character is >= ' ' and <= '~') && bytes.Length is > 0 and <= MaxSecretSize;
        }
        bytes = new byte[MaxSecretSize];
        var read = Convert.TryFromBase64String(value, bytes, out var size) && size > 0;
        bytes = bytes[..size];
        return read;
    }

    private static SessionService ReadService(YamlMap service, IReadOnlyList<SessionSecret> secrets)
    {
        var name = ReadName(service, "name", SecretNameCharacters);
        var policy = AttestationPolicy.Read(service);
        var provisioned = service.OptionalText("secret_provisioning");
        if (provisioned is not null && secrets.All(secret => secret.Name != provisioned))
        {
            service.ReportAt("secret_provisioning", $"there is no secret '{provisioned}'; add it under 'secrets'");
        }
        // A Gramine program has its command in its manifest.
        var command = provisioned is not null && !service.Has("command") ? []
            : service.Find("command") is YamlList ? [.. service.Texts("command").Select(part => part.Value)]
            : service.Text("command").Split(' ', StringSplitOptions.RemoveEmptyEntries);
        foreach (var part in command)
        {
            CheckPlaceholders(part, secrets, message => service.ReportAt("command", message));
        }
        var environment = new Dictionary<string, string>();
        if (service.Map("environment") is { } variables)
        {
            foreach (var variable in variables.Names)
            {
                environment[variable] = variables.OptionalText(variable) ?? "";
                CheckPlaceholders(environment[variable], secrets, message => variables.ReportAt(variable, message));
            }
        }
        service.End();
        return new SessionService(name, policy, command, environment, provisioned);
    }

    private static void CheckPlaceholders(string text, IReadOnlyList<SessionSecret> secrets, Action<string> report)
    {
        if (Placeholders.FindProblem(text, name => secrets.FirstOrDefault(secret => secret.Name == name)?.Kind) is { } problem)
        {
            report(problem);
        }
    }

    private static string ReadName(YamlMap owner, string member, SearchValues<char> characters)
    {
        var name = owner.Text(member);
        if (name.Length > MaxNameSize || name.AsSpan().ContainsAnyExcept(characters))
        {
            owner.ReportAt(member, $"'{name}' is no name: at most {MaxNameSize} letters, digits and -_ (a session's also .~/)");
        }
        return name;
    }

    private static bool IsHash(string text) => text.Length == 64 && text.All(char.IsAsciiHexDigitLower);
}
