using System.Text.RegularExpressions;

namespace Guardian.Cli.Sessions.Scone;

/// <summary>Translates <c>$$SCONE::NAME:FORMAT$$</c>, also the dotted formats of old releases.</summary>
/// <param name="kinds">The kinds of the session's secrets.</param>
internal sealed partial class SconePlaceholders(IReadOnlyDictionary<string, string> kinds, SconeNotes notes)
{
    /// <summary>Translates all placeholders below a node.</summary>
    public void Translate(DraftNode? node)
    {
        List<DraftEntry> entries = node switch { DraftMap map => map.Members, DraftList list => list.Items, _ => [] };
        foreach (var entry in entries)
        {
            if (entry.Value is DraftText { Value: var before } text)
            {
                var after = Pattern().Replace(before, Replace);
                if (after != before)
                {
                    entry.Value = text with { Value = after };
                    notes.Add(entry, SconeChange.Same, "the placeholders are in this release's words");
                }
            }
            else
            {
                Translate(entry.Value);
            }
        }
    }

    private string Replace(Match match)
    {
        var name = match.Groups["name"].Value;
        var format = match.Groups["format"].Value.TrimStart(':', '.').Replace('.', ':');
        var here = kinds.TryGetValue(name, out var kind) ? FormatOf(kind, format) : format;
        return $"$$GUARDIAN::{name}{(here.Length > 0 ? $":{here}" : "")}{match.Groups["escape"].Value}$$";
    }

    private static string FormatOf(string kind, string format) => (kind, format) switch
    {
        ("x509" or "x509-ca", "" or "crt:pem") => "crt",
        ("x509" or "x509-ca", "crt:der") => "der",
        ("x509" or "x509-ca", "key" or "privatekey:pem" or "privatekey:pkcs8:pem") => "privatekey",
        ("x509" or "x509-ca", "pkcs12-with-private-key") => "pkcs12",
        ("private-key", "" or "pkcs8" or "pkcs8:pem") => "pem",
        ("private-key", "pkcs8:der") => "der",
        ("public-key", "" or "spki" or "spki:pem") => "pem",
        ("public-key", "spki:der") => "der",
        ("binary", "") => "bin",
        _ => format,
    };

    [GeneratedRegex(
        @"\$\$SCONE::(?<name>[A-Za-z0-9_-]+)(?<format>(?:[.:][A-Za-z0-9-]+)*)(?<escape>\|escape\(json\))?\$\$",
        RegexOptions.ExplicitCapture)]
    private static partial Regex Pattern();
}
