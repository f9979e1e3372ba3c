using System.Text.RegularExpressions;
using Guardian.CleanRoom.Client.Drafting;
using Guardian.Cli.Failures;
using Guardian.Portal.Pages;

namespace Guardian.Cli.Desk;

/// <summary>The places of a draft where its owner must decide, as questions of a form.</summary>
internal static partial class DraftDecisions
{
    private const int MaxLength = 200;

    private static readonly IReadOnlyList<(string, string)> YesOrNo = [("true", "Yes"), ("false", "No")];

    private static readonly IReadOnlyList<(string, string)> DayOrMonth =
        [("dmy", "Day first: 31.12.2026"), ("mdy", "Month first: 12/31/2026")];

    /// <summary>Lists the questions.</summary>
    public static IReadOnlyList<DraftDecision> Find(string draft) =>
        [.. Places(draft).Select((place, index) => Ask(index, place.Key, place.Name))];

    /// <summary>Writes the answers into the draft.</summary>
    /// <param name="draft">The draft.</param>
    /// <param name="answer">Gives the answer to a question, by its index; empty leaves the question open.</param>
    /// <exception cref="Refusals.RefusedException">An answer is malformed.</exception>
    public static string Apply(string draft, Func<int, string> answer)
    {
        var index = 0;
        return string.Join('\n', draft.Split('\n').Select(line => IsComment(line) ? line : Open().Replace(line, match =>
        {
            var (key, given) = (match.Groups["key"].Value, answer(index++));
            return given.Length == 0 ? match.Value : $"{key}: {Write(key, given)}";
        })));
    }

    private static IEnumerable<(string Key, string Name)> Places(string draft) =>
        from line in draft.Split('\n')
        where !IsComment(line)
        from match in Open().Matches(line)
        select (match.Groups["key"].Value, Column().Match(line) is { Success: true } named ? named.Groups[1].Value.Trim('"', '\'') : "");

    private static DraftDecision Ask(int index, string key, string column) => key switch
    {
        "filter" => new(index, $"May questions filter and group by '{column}'?", "", YesOrNo, ""),
        "sum" => new(index, $"May questions sum '{column}'?", "", YesOrNo, ""),
        "zone" => new(index, "In which time zone are the times of the file?", "Such as Europe/Berlin.", [], "UTC"),
        "region" => new(
            index, "Of which country are phone numbers without a country code?", "Two letters, such as DE.", [], ""),
        "kind" => new(index, "What kind of identifier is it?", "All members must match by the same kind.", [
            ("email", "Email address"), ("phone", "Phone number"), ("customer_id", "Customer number"), ("maid", "Advertising ID"),
            ("uid2", "UID2"), ("euid", "EUID"), ("rampid", "RampID")], ""),
        "profile" => new(
            index, "How were the identifiers normalised before they were hashed?",
            "A profile of the kind, such as google or plain for addresses; all members must use the same.", [], ""),
        "column" => new(index, "Which column has the identifier?", "", [], ""),
        "dates" => new(index, "How does the file write dates?", "", DayOrMonth, ""),
        "order" => new(index, "How does the file write dates of birth?", "", DayOrMonth, ""),
        "decimal" => new(index, "Which sign is before decimals?", "", [(".", "A point: 1.5"), (",", "A comma: 1,5")], ""),
        "thousands" => new(index, "Which sign groups thousands?", "", [(",", "A comma: 1,000"), (".", "A point: 1.000")], ""),
        _ => new(index, $"'{key}'{(column.Length > 0 ? $" of '{column}'" : "")}", "", [], ""),
    };

    /// <summary>Writes a value of YAML. A word stays as it is; every other text is quoted, so that it cannot be anything else.</summary>
    public static string Write(string key, string answer)
    {
        if (answer.Length > MaxLength || answer.Any(letter => char.IsControl(letter) || letter is '"' or '\\'))
        {
            throw CliReasons.BadFile.Refuse($"the answer for '{key}' has a quotation mark, a backslash or a control character");
        }
        return Word().IsMatch(answer) && answer != DataSetDraft.Decide ? answer : $"\"{answer}\"";
    }

    private static bool IsComment(string line) => line.TrimStart().StartsWith('#');

    [GeneratedRegex(@"(?<key>[a-z_]+): DECIDE\b")]
    private static partial Regex Open();

    [GeneratedRegex(@"\{name: ([^,}]+)")]
    private static partial Regex Column();

    [GeneratedRegex(@"^[A-Za-z][A-Za-z0-9_/+-]*$")]
    private static partial Regex Word();
}
