namespace Guardian.Cli.Sessions.Scone;

/// <summary>Translates exports and imports of secrets and volumes.</summary>
/// <param name="session">The session's name, from which relative names go.</param>
internal sealed class SconeSharing(string session, SconeNotes notes)
{
    /// <summary>Translates those of one secret or volume.</summary>
    public void Translate(DraftMap owner)
    {
        if (owner.Find("export") is { Value: { } exports } entry)
        {
            if (exports is not DraftList)
            {
                entry.Value = new DraftList(exports.Line, false, [new DraftEntry { Value = exports }]);
                notes.Add(entry, SconeChange.Same, "one export is a list");
            }
            foreach (var item in ((DraftList)entry.Value!).Items)
            {
                TranslateExport(item);
            }
        }
        if (owner.Find("export_public") is { } open && owner.FindText("export_public") == "true"
            && owner.FindText("kind") == "private-key")
        {
            notes.Add(open, SconeChange.Open, "a private key is never public; name the sessions that may import it");
        }
        if (owner.Find("import") is { } import)
        {
            TranslateImport(import, owner.Find("kind") is null ? "volume" : "secret");
        }
    }

    private void TranslateExport(DraftEntry item)
    {
        if (item.Value is DraftText { Value: var url } text)
        {
            item.Value = ReadUrl(text, url) ?? item.Value;
        }
        if (item.Value is not DraftMap export)
        {
            notes.Add(item, SconeChange.Open, "an export names a session of the same CAS: {session: NAME, session_hash: HASH}");
            return;
        }
        if (export.Find("to")?.Value is DraftMap target)
        {
            export.Members.RemoveAll(member => member.Key == "to");
            export.Members.InsertRange(0, target.Members);
        }
        if (export.Find("namespace") is { } space)
        {
            notes.Add(space, SconeChange.Open, "an export names single sessions: session: NAME");
        }
        foreach (var member in new[] { "update_policy", "volume_alias" })
        {
            if (export.Find(member) is { } entry)
            {
                notes.Add(entry, SconeChange.Open, $"an export has no {member}; remove this line if the importer may do without");
            }
        }
        RefuseOtherCas(export);
        MakeAbsolute(export);
        if (export.Find("session") is { Value: not null } named && export.Find("session_hash") is null)
        {
            notes.Add(named, SconeChange.Stricter, "a name alone admits only a session that you created; 'creator' names another person");
        }
    }

    private void TranslateImport(DraftEntry entry, string what)
    {
        if (entry.Value is DraftText { Value: var url } text && ReadUrl(text, url) is { } read)
        {
            entry.Value = read;
        }
        if (entry.Value is not DraftMap import)
        {
            notes.Add(entry, SconeChange.Open, $"an import is {{session: NAME, {what}: NAME}}");
            return;
        }
        if (import.Find("session_hash") is { } hash)
        {
            notes.Add(
                hash, SconeChange.Open, "an import takes the value from the session by its name, whatever its hash is; remove this line "
                + "if you trust its owner");
        }
        RefuseOtherCas(import);
        MakeAbsolute(import);
    }

    private void RefuseOtherCas(DraftMap map)
    {
        foreach (var member in new[] { "cas_url", "cas_key", "cas_software_key" })
        {
            if (map.Find(member) is { } entry)
            {
                notes.Add(entry, SconeChange.Open, "sessions share values within one CAS; create both there, then remove this line");
            }
        }
    }

    private void MakeAbsolute(DraftMap map)
    {
        if (map.Find("session") is not { Value: DraftText { Value: var relative } text } entry
            || !(relative.StartsWith("./", StringComparison.Ordinal) || relative.StartsWith("../", StringComparison.Ordinal)))
        {
            return;
        }
        // './x' is below this session, '../x' beside it.
        var parts = session.Split('/').ToList();
        foreach (var part in relative.Split('/'))
        {
            if (part == ".." && parts.Count > 0)
            {
                parts.RemoveAt(parts.Count - 1);
            }
            else if (part != "." && part != "..")
            {
                parts.Add(part);
            }
        }
        entry.Value = text with { Value = string.Join('/', parts) };
        notes.Add(entry, SconeChange.Same, "names are absolute");
    }

    // '/session=NAME,session_hash=HASH'; an address before the slash names another CAS.
    private static DraftMap? ReadUrl(DraftText text, string url)
    {
        if (!url.StartsWith('/'))
        {
            return null;
        }
        var map = new DraftMap(text.Line, true, []);
        foreach (var part in url[1..].Split(','))
        {
            if (part.Split('=') is not [var key, var value])
            {
                return null;
            }
            map.Members.Add(new DraftEntry { Key = key, Value = new DraftText(text.Line, value) });
        }
        return map;
    }
}
