using System.Text;
using System.Text.RegularExpressions;
using Guardian.Documents;

namespace Guardian.Cli.Sessions.Scone;

/// <summary>Recognises sessions of SCONE that this language refuses, so that people learn of the translation.</summary>
internal static partial class SconeRecognition
{
    private static readonly HashSet<string> Members =
    [
        "mrenclaves", "migrate", "fspf_path", "fspf_key", "fspf_tag", "namespace_hash", "salt", "permission", "provide_secrets",
        "service_access_token", "one_time_password_shared_secret", "import_akv", "must_be_sgx_local", "trusted_scone_qe_pubkeys", "dns",
        "cas_url", "volume_alias",
    ];

    /// <summary>Whether a text has forms of SCONE's language alone.</summary>
    public static bool IsScone(ReadOnlySpan<byte> utf8) =>
        YamlLayout.Read(Encoding.UTF8.GetString(utf8), new DocumentProblems()) is { } layout && Has(layout.Top);

    private static bool Has(YamlPlace node) =>
        node.Items?.Any(Has) == true
        || node.Members?.Any(member => (member.Key.Value, member.Value.Value) switch
        {
            ("version", { } version) => version.StartsWith("0.3.", StringComparison.Ordinal),
            ("mode", "none" or "maa") => true,
            ("predecessor", "~" or "null") => true,
            ("ignore_advisories", "*") => true,
            (var name, _) => Members.Contains(name!) || HostName().IsMatch(name!) || Has(member.Value),
        }) == true
        || (node.Value is { } text && HostName().IsMatch(text));

    [GeneratedRegex("^@@[0-9A-Za-z_]+$")]
    private static partial Regex HostName();
}
