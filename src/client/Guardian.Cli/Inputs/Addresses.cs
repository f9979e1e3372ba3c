using System.CommandLine.Parsing;

namespace Guardian.Cli.Inputs;

/// <summary>Reads addresses from the command line.</summary>
internal static class Addresses
{
    /// <summary>Reads the address of a CAS or room: <c>https://host:port</c> or <c>host:port</c>. Anything else is a usage error.</summary>
    public static Uri Parse(ArgumentResult result)
    {
        var text = Text(result);
        if (TryRead(text) is { } address)
        {
            return address;
        }
        result.AddError(Explain(text));
        return new Uri("https://invalid/");
    }

    /// <summary>Reads the address of a CAS or room; null for anything else.</summary>
    public static Uri? TryRead(string text) =>
        Uri.TryCreate(text.Contains("://", StringComparison.Ordinal) ? text : $"https://{text}", UriKind.Absolute, out var address)
        && address.Scheme == Uri.UriSchemeHttps && address.PathAndQuery == "/"
            ? address
            : null;

    /// <summary>Says that a text is no address of a CAS or room.</summary>
    public static string Explain(string text) => $"'{text}' is no address of a CAS or room: https://host:port";

    /// <summary>Reads the address of a web service, with http or https. Anything else is a usage error.</summary>
    public static Uri ParseWeb(ArgumentResult result)
    {
        var text = Text(result);
        if (IsWeb(text, out var address))
        {
            return address;
        }
        result.AddError($"'{text}' is no address: https://host:port/ or http://host:port/");
        return new Uri("https://invalid/");
    }

    /// <summary>Reads several addresses of web services.</summary>
    public static Uri[] ParseManyWeb(ArgumentResult result)
    {
        var addresses = new List<Uri>();
        foreach (var token in result.Tokens)
        {
            if (IsWeb(token.Value, out var address))
            {
                addresses.Add(address);
            }
            else
            {
                result.AddError($"'{token.Value}' is no address: http://host:port");
            }
        }
        return [.. addresses];
    }

    private static bool IsWeb(string text, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out Uri? address) =>
        Uri.TryCreate(text, UriKind.Absolute, out address) && (address.Scheme == Uri.UriSchemeHttps || address.Scheme == Uri.UriSchemeHttp);

    private static string Text(ArgumentResult result) => result.Tokens.Count > 0 ? result.Tokens[0].Value : "";
}
