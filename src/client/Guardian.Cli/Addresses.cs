using System.CommandLine.Parsing;

namespace Guardian.Cli;

/// <summary>Reads the address of a CAS or room.</summary>
internal static class Addresses
{
    /// <summary>Accepts <c>https://host:port</c> and <c>host:port</c>; anything else is a usage error.</summary>
    public static Uri Parse(ArgumentResult result)
    {
        var text = result.Tokens.Count > 0 ? result.Tokens[0].Value : "";
        if (Uri.TryCreate(text.Contains("://", StringComparison.Ordinal) ? text : $"https://{text}", UriKind.Absolute, out var address)
            && address.Scheme == Uri.UriSchemeHttps && address.PathAndQuery == "/")
        {
            return address;
        }
        result.AddError($"'{text}' is no address of a CAS or room: https://host:port");
        return new Uri("https://invalid/");
    }
}
