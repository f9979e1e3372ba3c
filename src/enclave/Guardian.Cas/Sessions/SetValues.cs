using Guardian.Cas.Client.Protocol;
using Guardian.Cas.Client.Sessions;
using Guardian.Refusals;

namespace Guardian.Cas.Sessions;

/// <summary>
/// Guards the values that people set. A value is meant for the text of the session that the person saw, so a change of the text keeps it
/// only when somebody agrees who may set it.
/// </summary>
internal static class SetValues
{
    /// <summary>Checks that an update takes no value from the people who set it.</summary>
    /// <param name="approvals">The keys that approve the update.</param>
    /// <returns>The refusal; null when every value may stay, or does not.</returns>
    public static Refusal? CheckUpdate(SessionState current, SessionDocument next, HashSet<string> approvals)
    {
        var later = next.Secrets.ToDictionary(secret => secret.Name);
        var taken = current.Document.Secrets.Where(secret => secret.Setters is { } setters
            && current.Stored.Secrets.ContainsKey(secret.Name)
            && later.TryGetValue(secret.Name, out var kept) && kept.KeepsValueOf(secret)
            && !current.Allows(setters, approvals)).ToList();
        return taken.Count == 0 ? null : CasReasons.Denied.Because(
            $"'{next.Name}' is not updated: people set values for its present text, and they have not agreed to the next one") with
        {
            // The caller needs the way out, and a CAS sends no remedies.
            Problems =
            [
                .. taken.Select(secret =>
                    $"'{secret.Name}': let {secret.Setters} sign the update (guardian session sign), or raise its 'version', which drops "
                    + "the value until they set it again"),
            ],
        };
    }

    /// <summary>Lists the secrets that a service needs and that nobody has set yet, one line for each.</summary>
    public static IReadOnlyList<string> FindMissing(SessionState state, SessionService service)
    {
        var missing = state.Document.Secrets
            .Where(secret => secret.Setters is not null && !state.Stored.Secrets.ContainsKey(secret.Name)).ToList();
        if (missing.Count == 0)
        {
            return [];
        }
        var texts = service.Command.Concat(service.Environment.Values).Concat(service.Files.Select(file => file.Content));
        var used = texts.SelectMany(text => Placeholders.NamesIn(text)).Append(service.ProvisionedSecret).ToHashSet();
        return
        [
            .. missing.Where(secret => used.Contains(secret.Name)).Select(secret =>
                $"secret: found no value of '{secret.Name}'; accepted a value that is set by {secret.Setters} "
                + $"(guardian secret set {state.Document.Name} {secret.Name})"),
        ];
    }
}
