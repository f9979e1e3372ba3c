using System.Text.RegularExpressions;
using Guardian.Documents;

namespace Guardian.Cas.Client.Sessions;

/// <summary>
/// Names this language's form for each form of SCONE's that it does not have. <c>guardian session from-scone</c> writes them.
/// </summary>
internal static partial class SconeForms
{
    private const string NoTag = "the CAS makes the keys of volumes and knows their newest state; remove the line";
    private const string NoImage = "a program has no files of its image here: name it by 'program', and keep its files in a volume";

    private static readonly Dictionary<string, string> AtTop = new()
    {
        ["namespace_hash"] =
            "there is no pin of the session above; 'cas: {identity, owners}' names the only CAS that may keep this session",
        ["salt"] = "the hash is SHA-256 of the text, so a comment with random text does the same",
    };

    private static readonly Dictionary<string, string> AtService = new()
    {
        ["mrenclaves"] = "write attestation: [{mrenclave: [HEX]}]",
        ["fspf_path"] = NoImage,
        ["fspf_key"] = NoImage,
        ["fspf_tag"] = NoImage,
        ["fspf_update_policy"] = "a volume's 'update_policy' decides about rollbacks",
    };

    private static readonly Dictionary<string, string> AtImage = new()
    {
        ["provide_secrets"] = "only 'injection_files' with 'content' get secrets; remove the line",
    };

    private static readonly Dictionary<string, string> AtFile = new() { ["permission"] = "write mode: \"0600\"" };

    private static readonly Dictionary<string, string> AtVolume = new()
    {
        ["fspf_key"] = NoTag,
        ["fspf_tag"] = NoTag,
        ["files"] = "files are encrypted; for a folder that the host may read, write regions: [{path: /NAME, protection: authenticated}]",
    };

    private static readonly Dictionary<string, string> AtSecret = new()
    {
        ["migrate"] = "a value stays over updates as long as its description stays the same, unless it is 'pinned'; remove the line",
        ["dns"] = "write san: [\"dns:NAME\"]",
        ["import_akv"] = "there is no import from Azure's vault",
    };

    private static readonly Dictionary<string, string> AtExport = new()
    {
        ["to"] = "write the session's name beside 'session'",
        ["namespace"] = "an export names single sessions: session: NAME",
        ["update_policy"] = "the importer's mount has an 'update_policy'",
        ["volume_alias"] = "the importer names the volume: import: {session: NAME, volume: NAME}",
        ["cas_url"] = "sessions share values within one CAS",
    };

    private static readonly Dictionary<string, string> AtSecurity = new()
    {
        ["singleton_enclaves"] = "write it under 'attestation'",
    };

    private static readonly Dictionary<string, string> AtAttestation = new()
    {
        ["trusted_scone_qe_pubkeys"] = "only Intel's quoting enclave is trusted; remove the line",
        ["must_be_sgx_local"] = "each platform is judged by its own quote; remove the line",
    };

    /// <summary>Reports SCONE's members of a session.</summary>
    public static void CheckTop(YamlMap map)
    {
        Check(map, AtTop);
        if (map.OptionalText("predecessor") is "~" or "null")
        {
            map.ReportAt("predecessor", "a new session has no 'predecessor': remove the line");
        }
    }

    /// <summary>Reports SCONE's members of a service.</summary>
    public static void CheckService(YamlMap map) => Check(map, AtService);

    /// <summary>Reports SCONE's members of an image.</summary>
    public static void CheckImage(YamlMap map) => Check(map, AtImage);

    /// <summary>Reports SCONE's members of a file in memory.</summary>
    public static void CheckFile(YamlMap map) => Check(map, AtFile);

    /// <summary>Reports SCONE's members of a volume.</summary>
    public static void CheckVolume(YamlMap map) => Check(map, AtVolume);

    /// <summary>Reports SCONE's members of a secret, and a value that would silently be another one.</summary>
    public static void CheckSecret(YamlMap map)
    {
        Check(map, AtSecret);
        if (map.OptionalText("kind") == "binary" && map.Has("value") && map.Find("value") is YamlText value && Hex().IsMatch(value.Value))
        {
            value.ReportForNew("a binary value is base64, and this looks like hex, which SCONE takes");
        }
    }

    /// <summary>Reports a command of one text with quotes: SCONE's hold words together, here only a list does.</summary>
    public static void CheckCommand(YamlNode? command)
    {
        if (command is YamlText text && text.Value.AsSpan().ContainsAny('"', '\''))
        {
            text.ReportForNew("quotes hold no words together here: write the command as a list, [program, \"two words\"]");
        }
    }

    /// <summary>Reports SCONE's members of an export.</summary>
    public static void CheckExport(YamlMap map) => Check(map, AtExport);

    /// <summary>Reports SCONE's members and words of <c>security</c>.</summary>
    public static void CheckSecurity(YamlMap security, YamlMap? attestation)
    {
        Check(security, AtSecurity);
        if (attestation is null)
        {
            return;
        }
        Check(attestation, AtAttestation);
        if (attestation.Find("mode") is YamlText { Value: "none" or "maa" } mode)
        {
            mode.Report($"'{mode.Value}' does without a quote of the platform: write 'simulated' for tests, which protects nothing, or "
                + "'hardware'");
        }
        var advisories = attestation.Find("ignore_advisories");
        if (advisories is YamlText { Value: "*" } || (advisories as YamlList)?.Items.Any(item => item is YamlText { Value: "*" }) == true)
        {
            advisories!.Report("'*' would accept every broken platform: name the advisories that the program withstands, such as "
                + "[INTEL-SA-00615]");
        }
        foreach (var word in (attestation.Find("tolerate") as YamlList)?.Items.OfType<YamlText>() ?? [])
        {
            if (word.Value is "insecure-igpu" or "aepic-leak")
            {
                word.Report($"remove '{word.Value}': the platform's TCB status decides; 'tcb' and 'ignore_advisories' accept more");
            }
        }
    }

    /// <summary>Reports arguments and variables that SCONE takes from the host. Here they would be texts.</summary>
    public static void CheckHostValue(YamlNode place, string text)
    {
        if (HostArgument().IsMatch(text))
        {
            place.ReportForNew(
                $"'{text}' is not replaced by an argument of the host: write host: {{arguments: COUNT}}; they follow the command");
        }
        else if (HostVariable().IsMatch(text))
        {
            place.ReportForNew($"'{text}' is not replaced by a variable of the host: write host: {{environment: [{text[2..]}]}}");
        }
    }

    private static void Check(YamlMap map, Dictionary<string, string> forms)
    {
        foreach (var (member, form) in forms.Where(form => map.Has(form.Key)))
        {
            map.Find(member);
            map.ReportAt(member, $"'{member}' is SCONE's: {form}");
        }
    }

    // Of 16 characters of base64, less than one in ten million is such a text by chance.
    [GeneratedRegex("^(?=.*[0-9])(?=.*[A-Fa-f])(?:[0-9a-f]{2}){8,}$|^(?=.*[0-9])(?=.*[A-F])(?:[0-9A-F]{2}){8,}$")]
    private static partial Regex Hex();

    [GeneratedRegex("^@@[0-9]+$")]
    private static partial Regex HostArgument();

    [GeneratedRegex("^@@[A-Za-z_][A-Za-z0-9_]*$")]
    private static partial Regex HostVariable();
}
