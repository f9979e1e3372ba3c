using System.Globalization;
using System.Text.RegularExpressions;

namespace Guardian.Cli.Sessions.Scone;

/// <summary>Translates secrets.</summary>
internal sealed partial class SconeSecrets(SconeNotes notes)
{
    private const int MaxDays = 3650;

    private static readonly Dictionary<string, string> Absent = new()
    {
        ["aad-token"] = "there are no tokens of Azure; set the value with 'guardian secret set'",
        ["config-fragment"] = "secrets cannot be parts of a policy; write the policy out",
        ["pgp-key"] = "there are no PGP keys; make one elsewhere, and set it with 'guardian secret set'",
    };

    private static readonly Dictionary<string, string> KeyTypes = new(StringComparer.OrdinalIgnoreCase)
    {
        ["prime256v1"] = "P-256", ["secp256r1"] = "P-256", ["secp384r1"] = "P-384", ["ed25519"] = "Ed25519", ["P-256"] = "P-256",
        ["P-384"] = "P-384", ["RSA-2048"] = "RSA-2048", ["RSA-3072"] = "RSA-3072",
    };

    /// <summary>Translates a secret.</summary>
    public void Translate(DraftMap secret)
    {
        var kind = secret.FindText("kind");
        if (kind is null && secret.Members.Find(member => member.Key == "name") is { Value: not null } named)
        {
            notes.Add(named, SconeChange.Open, "write the secret's kind, also of one that is imported");
        }
        if (kind is not null && Absent.TryGetValue(kind, out var advice))
        {
            notes.Add(secret.Find("kind")!, SconeChange.Open, advice);
        }
        if (secret.Find("import_akv") is { } vault)
        {
            notes.Add(vault, SconeChange.Open, "there is no import from Azure's vault; set the value with 'guardian secret set'");
        }
        TranslateMigration(secret, kind);
        TranslateValue(secret, kind);
        TranslateKeyType(secret);
        TranslateNames(secret);
        TranslateLife(secret);
    }

    // SCONE draws a private key anew with every update unless both sessions say migrate: true.
    private void TranslateMigration(DraftMap secret, string? kind)
    {
        if (secret.Find("migrate") is { } entry)
        {
            if (secret.FindText("migrate") == "false" && kind == "private-key" && secret.Find("value") is null
                && secret.Find("import") is null)
            {
                (entry.Key, entry.Value) = ("pinned", new DraftText(entry.Value!.Line, "true"));
                notes.Add(entry, SconeChange.Same, "migrate: false is pinned: every update draws a new key");
                return;
            }
            notes.Remove(entry, SconeChange.Same, "migrate: a key stays over updates here, as long as its description stays the same");
        }
        else if (kind == "private-key" && secret.Find("value") is null && secret.Find("import") is null
            && secret.Find("kind") is { } place)
        {
            var line = place.Value!.Line;
            secret.Members.Add(new DraftEntry { Key = "pinned", Value = new DraftText(line, "true") });
            notes.Add(
                place, SconeChange.Same, "without migrate, SCONE draws a new key with every update: pinned. Remove 'pinned' to keep it");
        }
    }

    private void TranslateValue(DraftMap secret, string? kind)
    {
        if (secret.Find("value") is { Value: DraftText { Value: var value } text } entry)
        {
            if (kind == "binary")
            {
                if (TryReadHex(value) is { } bytes)
                {
                    entry.Value = text with { Value = Convert.ToBase64String(bytes) };
                    notes.Add(entry, SconeChange.Same, "a binary value is base64, not hex");
                }
                else
                {
                    notes.Add(entry, SconeChange.Open, "SCONE's binary values are hex, and this is none; write base64");
                }
            }
            else if (kind is "x509" or "x509-ca")
            {
                notes.Add(entry, SconeChange.Open, "a given certificate is a file: put it into 'injection_files', and its key into a "
                    + "private-key secret");
            }
        }
        else if (kind is "binary" or "ascii" && secret.Find("size") is null && secret.Find("import") is null
            && secret.Find("import_akv") is null && secret.Find("kind") is { } place)
        {
            secret.Members.Add(new DraftEntry { Key = "size", Value = new DraftText(place.Value!.Line, "20") });
            notes.Add(place, SconeChange.Same, "without a size, SCONE draws 20");
        }
    }

    private void TranslateKeyType(DraftMap secret)
    {
        if (secret.Find("key_type") is { Value: DraftText { Value: var type } text } entry
            && KeyTypes.TryGetValue(type, out var here) && here != type)
        {
            entry.Value = text with { Value = here };
            notes.Add(entry, SconeChange.Same, $"the type is named {here}");
        }
    }

    private void TranslateNames(DraftMap secret)
    {
        if (secret.Find("san") is { Value: DraftText single } one)
        {
            one.Value = new DraftList(single.Line, true, [new DraftEntry { Value = single }]);
        }
        if (secret.Find("dns") is not { Value: { } given } entry)
        {
            return;
        }
        List<DraftNode?> names = given is DraftList list ? [.. list.Items.Select(item => item.Value)] : [given];
        List<DraftEntry> items =
        [
            .. names.OfType<DraftText>().Select(each => new DraftEntry { Value = each with { Value = $"dns:{each.Value}" } }),
        ];
        if (secret.Find("san")?.Value is DraftList more)
        {
            more.Items.AddRange(items);
            notes.Remove(entry, SconeChange.Same, "dns is in san");
            return;
        }
        (entry.Key, entry.Value) = ("san", new DraftList(given.Line, true, items));
        notes.Add(entry, SconeChange.Same, "dns is san");
    }

    private void TranslateLife(DraftMap secret)
    {
        if (secret.Find("valid_for") is not { Value: DraftText { Value: var life } text } entry
            || Life().Match(life) is not { Success: true } match
            || !long.TryParse(match.Groups["number"].Value, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            || number > 1_000_000)
        {
            return;
        }
        var (here, days) = match.Groups["unit"].Value[0] switch
        {
            'y' => ($"{number * 365}d", number * 365),
            'w' => ($"{number * 7}d", number * 7),
            'd' => ($"{number}d", number),
            'h' => ($"{number}h", number / 24),
            'm' => ($"{number}m", 0),
            _ => ($"{number}s", 0),
        };
        if (days > MaxDays)
        {
            entry.Value = text with { Value = $"{MaxDays}d" };
            notes.Add(entry, SconeChange.Stricter, $"nothing is valid longer than {MaxDays} days; the CAS renews it");
        }
        else if (here != life)
        {
            entry.Value = text with { Value = here };
            notes.Add(entry, SconeChange.Same, "a duration is one number with s, m, h or d");
        }
    }

    private static byte[]? TryReadHex(string text)
    {
        try
        {
            return Convert.FromHexString(text);
        }
        catch (FormatException)
        {
            return null;
        }
    }

    [GeneratedRegex(
        @"^(?<number>[0-9]+) *(?<unit>s|secs?|seconds?|m|mins?|minutes?|h|hrs?|hours?|d|days?|w|weeks?|y|yrs?|years?)$",
        RegexOptions.ExplicitCapture)]
    private static partial Regex Life();
}
