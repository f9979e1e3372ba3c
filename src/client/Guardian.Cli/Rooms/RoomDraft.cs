using System.Text;
using Guardian.Attestation.Identity;
using Guardian.Cli.Failures;
using Guardian.Cli.Inputs;
using Guardian.Documents;
using Guardian.Refusals;

namespace Guardian.Cli.Rooms;

/// <summary>A draft as <c>guardian room draft</c> writes it: a member with its key, and the member's data sets.</summary>
/// <param name="Members">The members.</param>
/// <param name="DataSets">The lines of the entries of <c>datasets</c>, as they are.</param>
/// <param name="Waterfalls">The data sets with a list of identifiers, and the length of each list.</param>
internal sealed record RoomDraft(
    IReadOnlyList<(string Name, string PublicKey)> Members, string DataSets, IReadOnlyList<(string Name, int Identifiers)> Waterfalls)
{
    private const string Entries = "datasets:";

    /// <summary>Reads a draft; a partner may have sent it. Everything else in the file is ignored, and the members check the whole
    /// contract before they sign.</summary>
    /// <exception cref="RefusedException">The file is missing, or no draft.</exception>
    public static RoomDraft Read(string path) => Read(InputFile.ReadBytes(path, YamlDocument.MaxSize), path);

    /// <summary>Reads the content of a draft; a partner may have sent it.</summary>
    /// <param name="bytes">The content.</param>
    /// <param name="path">Its name in a refusal.</param>
    /// <exception cref="RefusedException">It is no draft.</exception>
    public static RoomDraft Read(byte[] bytes, string path)
    {
        var problems = new DocumentProblems();
        var map = YamlDocument.Read(bytes, problems);
        List<(string, string)> members = [.. (map?.Has("members") == true ? map.Maps("members") : [])
            .Select(member => (member.Text("name"), member.Text("key")))];
        var isDraft = map is not null && map.Maps("datasets").Count > 0 && members.All(IsMember);
        if (problems.Any || !isDraft)
        {
            throw CliReasons.BadFile.Refuse(
                $"{path} is no draft of data sets", "write it with: guardian room draft FILE --owner NAME --output DRAFT",
                [.. problems.Items.Select(problem => $"{path}:{problem}")]);
        }
        return new RoomDraft(
            members, ReadEntries(Encoding.UTF8.GetString(bytes)),
            [
                .. map!.Maps("datasets").Where(dataSet => dataSet.Has("identifiers"))
                    .Select(dataSet => (dataSet.Text("name"), dataSet.Maps("identifiers").Count))
                    .Where(dataSet => RoomOptions.IsMemberName(dataSet.Item1)),
            ]);
    }

    /// <summary>Proposes the data set whose rows are the persons: the one with the most identifiers.</summary>
    /// <returns>Its name; null when all data sets have one identifier.</returns>
    public static string? FindPersons(IEnumerable<RoomDraft> drafts) =>
        drafts.SelectMany(draft => draft.Waterfalls).OrderByDescending(dataSet => dataSet.Identifiers).FirstOrDefault().Name;

    // Both are written into the contract.
    private static bool IsMember((string Name, string PublicKey) member) =>
        RoomOptions.IsMemberName(member.Name) && IdentityKey.IsPublicKey(member.PublicKey);

    // The text itself, because people read its comments.
    private static string ReadEntries(string text)
    {
        var lines = text.ReplaceLineEndings("\n").Split('\n').SkipWhile(line => !line.StartsWith(Entries, StringComparison.Ordinal)).Skip(1)
            .TakeWhile(line => line.Length == 0 || line[0] is ' ' or '#');
        return string.Join('\n', lines).TrimEnd();
    }
}
