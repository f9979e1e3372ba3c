using Guardian.CleanRoom.Contract;

namespace Guardian.CleanRoom.Client.Drafting;

/// <summary>Writes the identifiers of a file as lines of a contract, with comments.</summary>
internal static class IdentifierLines
{
    private const string Decide = DataSetDraft.Decide;

    /// <summary>Writes <c>identifier</c>, or <c>identifiers</c> when there are several.</summary>
    public static IEnumerable<string> Write(FileProfile file) => file.Identifiers switch
    {
        [] =>
        [
            "    # No column looks like an identifier. Kinds are email, phone, customer_id, maid, uid2, euid, rampid and composite.",
            $"    identifier: {{kind: {Decide}, column: {Decide}}}",
        ],
        [var one] =>
        [
            "    # All members must match by the same kind and profile.",
            .. Explain(one).Select(comment => $"    # {comment}"),
            $"    identifier: {Write(one, file.Headers)}",
        ],
        var several =>
        [
            "    # Best first: each person counts once, by the first identifier that fits. Each further one adds noise and time.",
            "    # The contract's 'persons' names the data set that has all of them; others list those that they have, in this order.",
            "    identifiers:",
            .. several.SelectMany(
                each => Explain(each).Select(comment => $"      # {comment}").Append($"      - {Write(each, file.Headers)}")),
        ],
    };

    /// <summary>Describes an identifier in words, by its columns.</summary>
    public static string Describe(IdentifierGuess guess, IReadOnlyList<string> headers) =>
        string.Join(" + ", guess.Columns.Select(column => YamlWords.Write(headers[column])));

    /// <summary>The name of a kind in contracts.</summary>
    public static string NameOf(IdentifierKind kind) =>
        kind == IdentifierKind.CustomerId ? "customer_id" : kind.ToString().ToLowerInvariant();

    private static IEnumerable<string> Explain(IdentifierGuess guess)
    {
        if (guess.Form == IdentifierForm.Sha256)
        {
            yield return "The cells are hashes. The profile is the one by which the identifiers were normalised before they were hashed.";
        }
        else if (guess.Kind == IdentifierKind.Email)
        {
            yield return "The profile 'google' takes A.B+news@gmail.com and ab@gmail.com for one person; 'plain' takes them for two.";
        }
        else if (guess.NeedsRegion)
        {
            yield return "Some numbers have no country code. The region is their country, two letters such as DE.";
        }
        else if (guess.Parts.Any(part => part.Order is null))
        {
            yield return "Each date of birth can be read as dmy (day first) or mdy (month first).";
        }
    }

    private static string Write(IdentifierGuess guess, IReadOnlyList<string> headers)
    {
        if (guess.Parts.Count > 0)
        {
            return $"{{kind: composite, parts: [{string.Join(", ", guess.Parts.Select(part => Write(part, headers)))}]}}";
        }
        var column = YamlWords.Write(headers[guess.Column]);
        if (guess.Form == IdentifierForm.Sha256)
        {
            return $"{{kind: {(guess.IsKindKnown ? NameOf(guess.Kind) : Decide)}, profile: {Decide}, column: {column}, form: sha256}}";
        }
        return guess.Kind == IdentifierKind.Email
            ? $"{{kind: email, profile: google, column: {column}}}"
            : $"{{kind: {NameOf(guess.Kind)}, column: {column}{(guess.NeedsRegion ? $", region: {Decide}" : "")}}}";
    }

    private static string Write(PartGuess part, IReadOnlyList<string> headers)
    {
        var order = part.Order switch
        {
            null => $", order: {Decide}",
            DateOrder.YearMonthDay => "",
            var known => $", order: {DateOrders.Names.First(name => name.Value == known).Key}",
        };
        return $"{{kind: {NameOf(part.Kind)}, column: {YamlWords.Write(headers[part.Column])}{order}}}";
    }
}
