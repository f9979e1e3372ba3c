using Guardian.Cli.Failures;
using Guardian.Documents;

namespace Guardian.Cli.Sessions.Scone;

/// <summary>
/// Translates a session of SCONE's language 0.3. Nothing is weakened: a form that this language does not have stays, with a note, and the
/// session is refused until a person has decided.
/// </summary>
internal sealed class SconeTranslation
{
    private readonly SconeNotes notes = new();
    private readonly DraftMap top;
    private readonly string name;

    private SconeTranslation(DraftMap top) => (this.top, name) = (top, top.FindText("name") ?? "");

    /// <summary>Translates a session.</summary>
    /// <returns>The session as text, and the notes.</returns>
    public static (string Text, IReadOnlyList<SconeNote> Notes) Translate(YamlLayout layout)
    {
        var (top, end) = DraftReader.Read(layout);
        var translation = new SconeTranslation(top);
        translation.Translate();
        var text = DraftWriter.Write(top, end);
        // No value of the session may have become a line of its own.
        return YamlLayout.Read(text, new DocumentProblems()) is { } read && DraftWriter.IsSame(top, read.Top)
            ? (text, translation.notes.All)
            : throw CliReasons.BadSession.Refuse("the session has texts that cannot be written again");
    }

    private void Translate()
    {
        TranslateHead();
        var kinds = top.Maps("secrets").Where(secret => secret.FindText("name") is not null && secret.FindText("kind") is not null)
            .DistinctBy(secret => secret.FindText("name"))
            .ToDictionary(secret => secret.FindText("name")!, secret => secret.FindText("kind")!);
        var sharing = new SconeSharing(name, notes);
        TranslateSecurity();
        var services = new SconeServices(notes);
        foreach (var service in top.Maps("services"))
        {
            services.Translate(service);
        }
        foreach (var image in top.Maps("images"))
        {
            services.TranslateImage(image);
        }
        foreach (var volume in top.Maps("volumes"))
        {
            TranslateVolume(volume);
            sharing.Translate(volume);
        }
        var secrets = new SconeSecrets(notes);
        foreach (var secret in top.Maps("secrets"))
        {
            secrets.Translate(secret);
            sharing.Translate(secret);
        }
        TranslateAccess(top.Find("access_policy")?.Value);
        var placeholders = new SconePlaceholders(kinds, notes);
        placeholders.Translate(top.Find("services")?.Value);
        placeholders.Translate(top.Find("images")?.Value);
    }

    private void TranslateHead()
    {
        if (top.Find("version") is { Value: DraftText { Value: var version } text } entry && version != "0.3")
        {
            entry.Value = text with { Value = "0.3" };
            notes.Add(entry, SconeChange.Same, $"version {version}: this language has one version");
        }
        Drop("predecessor", SconeChange.Same, top.FindText("predecessor") is "~" or "null" or ""
            ? "a new session has no predecessor; the line stands only in updates"
            : "the hash is of SCONE's session; 'guardian session fill' writes the hash of the session in a CAS");
        Drop("creator", SconeChange.Same, "the creator is the key that creates the session");
        if (top.Find("salt") is { } salt)
        {
            notes.Remove(salt, SconeChange.Same, "the hash is SHA-256 of the text, so this comment is the salt: "
                + top.FindText("salt"));
        }
        if (top.Find("namespace_hash") is { } parent)
        {
            notes.Add(parent, SconeChange.Open, "there is no pin of the session above; compare it (guardian session verify), name the CAS "
                + "by 'cas: {identity, owners}', then remove this line");
        }
    }

    private void TranslateSecurity()
    {
        if (top.Find("security")?.Value is not DraftMap security)
        {
            return;
        }
        if (security.Find("singleton_enclaves") is { Value: { } flag } moved && Attestation(security) is { } target)
        {
            target.Members.Add(new DraftEntry { Key = "singleton_enclaves", Value = flag });
            notes.Remove(moved, SconeChange.Same, "singleton_enclaves is a member of attestation");
        }
        if (security.Find("service_access_token") is { } token)
        {
            notes.Add(token, SconeChange.Open, "there is no token of two sides; see one-time start tokens in docs/spec/session.md, then "
                + "remove this line");
        }
        if (security.Find("attestation")?.Value is DraftMap attestation)
        {
            new SconeAttestation(notes).Translate(attestation);
        }
    }

    private static DraftMap? Attestation(DraftMap security)
    {
        if (security.Find("attestation") is null)
        {
            security.Members.Add(new DraftEntry { Key = "attestation", Value = new DraftMap(0, false, []) });
        }
        return security.Find("attestation")!.Value as DraftMap;
    }

    private void TranslateVolume(DraftMap volume)
    {
        foreach (var member in new[] { "fspf_key", "fspf_tag" })
        {
            if (volume.Find(member) is { } given)
            {
                notes.Remove(given, SconeChange.Stricter, $"{member}: the CAS makes the volume's key, and knows its newest state; fill the "
                    + "volume anew");
            }
        }
        if (volume.Find("files") is { Value: DraftText { Value: var files } } entry)
        {
            if (files == "authenticated-only")
            {
                notes.Remove(
                    entry, SconeChange.Stricter, "files: authenticated-only: this volume is encrypted; a folder in its root that the host "
                    + "may read is a region, 'regions: [{path: /NAME, protection: authenticated}]'");
            }
            else if (files == "encrypted")
            {
                notes.Remove(entry, SconeChange.Same, "files: encrypted is how volumes are");
            }
        }
    }

    // People are known by other keys here. An entry that names nobody here stays, so that no rule asks for fewer people.
    private void TranslateAccess(DraftNode? node)
    {
        List<DraftEntry> entries = node switch { DraftMap map => map.Members, DraftList list => list.Items, _ => [] };
        foreach (var entry in entries)
        {
            if (entry.Value is DraftText { Value: var value } && value is not ("CREATOR" or "ANY" or "NONE") && !SconeKeys.IsKnown(value))
            {
                notes.Add(entry, SconeChange.Open, value.StartsWith("$$", StringComparison.Ordinal)
                    ? "a secret cannot stand for a person; name the key"
                    : "people have P-256 keys here; write the key that 'guardian key show' prints for this person");
            }
            else if (entry.Key is "read" or "update" or "create_sessions" or "list_sessions" && entry.Value is DraftText single)
            {
                entry.Value = new DraftList(single.Line, true, [new DraftEntry { Value = single }]);
                notes.Add(entry, SconeChange.Same, "one entry is a list");
            }
            TranslateAccess(entry.Value);
        }
    }

    private void Drop(string member, SconeChange change, string text)
    {
        if (top.Find(member) is { } entry)
        {
            notes.Remove(entry, change, text);
        }
    }
}
