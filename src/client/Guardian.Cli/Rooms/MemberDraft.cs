using Guardian.CleanRoom.Client.Drafting;
using Guardian.Cli.Failures;
using Guardian.Cli.Inputs;

namespace Guardian.Cli.Rooms;

/// <summary>The part of one member in a contract, drafted from the member's files.</summary>
/// <param name="Text">The draft, which partners may read.</param>
/// <param name="DataSets">The names of the data sets.</param>
/// <param name="Notes">Facts for the owner alone.</param>
/// <param name="Decisions">Places where the owner must decide.</param>
internal sealed record MemberDraft(string Text, IReadOnlyList<string> DataSets, IReadOnlyList<string> Notes, int Decisions)
{
    /// <summary>Checks the name of a member.</summary>
    /// <exception cref="Refusals.RefusedException">It is none.</exception>
    public static void RequireName(string owner)
    {
        if (!RoomOptions.IsMemberName(owner))
        {
            throw CliReasons.BadMember.Refuse($"'{owner}' is no name of a member: lower-case letters, digits, hyphens and underscores");
        }
    }

    /// <summary>Reads files on this machine and drafts a data set for each.</summary>
    /// <param name="files">The files.</param>
    /// <param name="owner">The member's name.</param>
    /// <param name="isSeveral">Whether persons match by every identifier of a file, and not only by the best one.</param>
    /// <param name="readPublicKey">Gives the member's public key after the files are read; null leaves it out.</param>
    public static MemberDraft Read(
        IEnumerable<string> files, string owner, bool isSeveral, Func<string>? readPublicKey, CancellationToken cancellation)
    {
        RequireName(owner);
        List<DataSetDraft> drafts = [];
        foreach (var file in files)
        {
            var dataSet = DataSetDraft.NameOf(file);
            for (var number = 2; drafts.Any(draft => draft.Name == dataSet); number++)
            {
                dataSet = $"{DataSetDraft.NameOf(file)}_{number}";
            }
            InputFile.Require(file);
            drafts.Add(InputFile.Use(file, () => DataSetDraft.Read(file, dataSet, owner, isSeveral, cancellation)));
        }
        var member = readPublicKey is null ? "" : $"members:\n  - {{name: {owner}, key: {readPublicKey()}}}\n";
        var text =
            $"# The part of {owner} in a contract, by 'guardian room draft'. {DataSetDraft.Decide} stands where {owner} must decide.\n"
            + member + "datasets:\n" + string.Concat(drafts.Select(draft => draft.Text));
        return new MemberDraft(
            text, [.. drafts.Select(draft => draft.Name)], [.. drafts.SelectMany(draft => draft.Notes)],
            drafts.Sum(draft => draft.Decisions));
    }
}
