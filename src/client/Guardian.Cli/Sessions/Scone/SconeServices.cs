using System.Globalization;
using System.Text.RegularExpressions;

namespace Guardian.Cli.Sessions.Scone;

/// <summary>Translates services and images.</summary>
internal sealed partial class SconeServices(SconeNotes notes)
{
    /// <summary>Translates a service.</summary>
    public void Translate(DraftMap service)
    {
        TranslateMeasurements(service);
        TranslateAttestation(service);
        TranslateCommand(service);
        TranslateEnvironment(service);
        foreach (var member in new[] { "fspf_path", "fspf_key", "fspf_tag", "fspf_update_policy" })
        {
            if (service.Find(member) is { } entry)
            {
                notes.Remove(entry, SconeChange.Stricter, $"{member}: a program has no files of the image here; name the program by its "
                    + "digest ('program'), and keep its files in a volume or in the image (guardian image pack)");
            }
        }
        if (service.Find("platforms")?.Value is DraftList platforms)
        {
            foreach (var platform in platforms.Items.Where(item => item.Value is DraftText { Value: not ("hardware" or "simulated") }))
            {
                notes.Add(platform, SconeChange.Open, "a session cannot name single machines; write hardware if any machine may run it");
            }
        }
        if (service.Find("one_time_password_shared_secret") is { } password)
        {
            notes.Add(
                password, SconeChange.Open, "there are no one-time passwords; see one-time start tokens in docs/spec/session.md, then "
                + "remove this line");
        }
        if (service.Find("command") is null && service.Members.Find(member => member.Key == "name") is { } named)
        {
            notes.Add(named, SconeChange.Open, "SCONE took the command of the image; write it: command: [program, argument]");
        }
        if (service.Find("attestation") is null && service.Members.Find(member => member.Key == "name") is { } open)
        {
            notes.Add(open, SconeChange.Open, "every service names its code here: attestation: [{mrenclave: [guardian-runtime]}] and "
                + "program: ./program.wasm, then 'guardian session fill'");
        }
    }

    /// <summary>Translates an image.</summary>
    public void TranslateImage(DraftMap image)
    {
        if (image.Find("provide_secrets") is { } provided)
        {
            notes.Remove(provided, SconeChange.Stricter, "provide_secrets: only files whose content stands in the session get secrets");
        }
        if (image.Find("injection_files")?.Value is not DraftList files)
        {
            return;
        }
        foreach (var file in files.Items)
        {
            if (file.Value is DraftText)
            {
                notes.Add(file, SconeChange.Open, "a file of the image gets no secrets here; write its text: {path: PATH, content: TEXT}");
            }
            else if (file.Value is DraftMap map)
            {
                TranslateFile(file, map);
            }
        }
    }

    private void TranslateFile(DraftEntry file, DraftMap map)
    {
        if (map.Find("content") is null)
        {
            notes.Add(file, SconeChange.Open, "a file of the image gets no secrets here; write its text as 'content'");
        }
        if (map.Find("permission") is { Value: DraftText { Value: var permission } text } entry)
        {
            var octal = permission.StartsWith("0o", StringComparison.Ordinal) ? $"0{permission[2..]}" : permission;
            (entry.Key, entry.Value) = ("mode", text with { Value = octal });
            notes.Add(entry, SconeChange.Same, "permission is mode, in octal digits");
        }
    }

    private void TranslateMeasurements(DraftMap service)
    {
        if (service.Find("mrenclaves") is not { Value: { } given } entry)
        {
            return;
        }
        var list = given is DraftText ? new DraftList(given.Line, true, [new DraftEntry { Value = given }]) : given;
        var variant = new DraftMap(given.Line, false, [new DraftEntry { Key = "mrenclave", Value = list }]);
        if (service.Find("attestation")?.Value is DraftList variants)
        {
            variants.Items.Add(new DraftEntry { Value = variant });
            notes.Remove(entry, SconeChange.Same, "mrenclaves is a variant of attestation");
        }
        else if (service.Find("attestation") is { Value: DraftMap map } attestation)
        {
            attestation.Value = new DraftList(map.Line, false, [new DraftEntry { Value = map }, new DraftEntry { Value = variant }]);
            notes.Remove(entry, SconeChange.Same, "mrenclaves is a variant of attestation");
        }
        else
        {
            (entry.Key, entry.Value) = ("attestation", new DraftList(given.Line, false, [new DraftEntry { Value = variant }]));
            notes.Add(entry, SconeChange.Same, "mrenclaves is a variant of attestation. The numbers are of SCONE's enclaves; those of "
                + "Guardian's are 'guardian-runtime' and the program's digest, which 'guardian session fill' writes");
        }
    }

    private void TranslateAttestation(DraftMap service)
    {
        if (service.Find("attestation") is not { } attestation)
        {
            return;
        }
        if (attestation.Value is DraftMap single)
        {
            attestation.Value = new DraftList(single.Line, false, [new DraftEntry { Value = single }]);
            notes.Add(attestation, SconeChange.Same, "one variant is a list");
        }
        foreach (var item in (attestation.Value as DraftList)?.Items ?? [])
        {
            if (item.Value is DraftText)
            {
                notes.Add(item, SconeChange.Open, "a secret cannot say which code is accepted; write the variant out");
            }
            else if (item.Value is DraftMap variant)
            {
                TranslateVariant(variant);
            }
        }
    }

    private void TranslateVariant(DraftMap variant)
    {
        if (variant.Find("mrenclave") is { Value: DraftText single } entry)
        {
            entry.Value = new DraftList(single.Line, true, [new DraftEntry { Value = single }]);
        }
        if (variant.Find("signer")?.Value is not DraftMap signer)
        {
            return;
        }
        if (signer.Find("isvsvn") is { Value: DraftText exact } version)
        {
            version.Key = "isvsvn_min";
            signer.Members.Insert(signer.Members.IndexOf(version) + 1, new DraftEntry { Key = "isvsvn_max", Value = exact });
            notes.Add(version, SconeChange.Same, "isvsvn is a range of one version");
        }
        else if (
            signer.Find("isvsvn_min") is null && signer.Members.Find(member => member.Value is not null) is { Value.Line: var line } first)
        {
            signer.Members.Add(new DraftEntry { Key = "isvsvn_min", Value = new DraftText(line, "0") });
            notes.Add(first, SconeChange.Same, "without a version, SCONE accepts every one: isvsvn_min: 0");
        }
    }

    // SCONE's shell quotes hold blanks together; here a list does.
    private void TranslateCommand(DraftMap service)
    {
        if (service.Find("command") is not { Value: { } command } entry)
        {
            return;
        }
        if (command is DraftText { Value: var line } && line.AsSpan().ContainsAny('"', '\''))
        {
            entry.Value = new DraftList(command.Line, true, [.. Words().Matches(line).Select(word => new DraftEntry
            {
                Value = new DraftText(command.Line, Quotes().Replace(word.Value, match => match.Value[1..^1])),
            })]);
            notes.Add(entry, SconeChange.Same, "words with blanks are entries of a list");
        }
        var words = entry.Value is DraftList list
            ? list.Items.Select(item => (item.Value as DraftText)?.Value ?? "").ToList()
            : [.. ((entry.Value as DraftText)?.Value ?? "").Split(' ', StringSplitOptions.RemoveEmptyEntries)];
        var count = words.Count(word => HostArgument().IsMatch(word));
        if (count == 0)
        {
            return;
        }
        var last = Enumerable.Range(1, count).Select(number => $"@@{number.ToString(CultureInfo.InvariantCulture)}");
        if (!words[^count..].SequenceEqual(last))
        {
            notes.Add(entry, SconeChange.Open, "arguments of the host come after the session's, in their order; put @@1, @@2 there, and "
                + "translate again, or write host: {arguments: COUNT}");
            return;
        }
        entry.Value = new DraftList(command.Line, true, [.. words[..^count].Select(word => new DraftEntry
        {
            Value = new DraftText(command.Line, word),
        })]);
        SetHost(service, command.Line).Members.Add(new DraftEntry
        {
            Key = "arguments", Value = new DraftText(command.Line, count.ToString(CultureInfo.InvariantCulture)),
        });
        notes.Add(entry, SconeChange.Same, "@@1 is host: {arguments}: the host may add as many arguments, or fewer, after the session's");
    }

    private void TranslateEnvironment(DraftMap service)
    {
        if (service.Find("environment")?.Value is not DraftMap environment)
        {
            return;
        }
        foreach (var variable in environment.Members.Where(member => member.Value is not null).ToList())
        {
            var value = (variable.Value as DraftText)?.Value ?? "";
            var name = HostName().Match(variable.Key!) is { Success: true } key ? key.Groups[1].Value
                : HostName().IsMatch(value) ? variable.Key!
                : null;
            if (name is null)
            {
                continue;
            }
            var line = variable.Value!.Line;
            var host = SetHost(service, line);
            if (host.Find("environment")?.Value is not DraftList names)
            {
                host.Members.Add(new DraftEntry { Key = "environment", Value = names = new DraftList(line, true, []) });
            }
            names.Items.Add(new DraftEntry { Value = new DraftText(line, name) });
            var source = HostName().Match(value) is { Success: true } from ? from.Groups[1].Value : name;
            notes.Remove(variable, SconeChange.Same, $"the host may set {name}: host: {{environment: [{name}]}}"
                + (source == name ? "" : $". It must set {name} itself now, not {source}"));
        }
    }

    private static DraftMap SetHost(DraftMap service, int line)
    {
        if (service.Find("host")?.Value is DraftMap host)
        {
            return host;
        }
        var made = new DraftMap(line, true, []);
        service.Members.Add(new DraftEntry { Key = "host", Value = made });
        return made;
    }

    [GeneratedRegex("""(?:"[^"]*"|'[^']*'|[^\s"'])+""")]
    private static partial Regex Words();

    [GeneratedRegex("""("[^"]*")|('[^']*')""")]
    private static partial Regex Quotes();

    [GeneratedRegex(@"^@@[0-9]+$")]
    private static partial Regex HostArgument();

    [GeneratedRegex(@"^@@([A-Za-z_][A-Za-z0-9_]*)$")]
    private static partial Regex HostName();
}
