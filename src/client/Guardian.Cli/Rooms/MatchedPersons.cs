using Guardian.CleanRoom.Analyses;
using Guardian.CleanRoom.Client;
using Guardian.CleanRoom.Contract;
using Guardian.Cli.Failures;
using Guardian.Refusals;

namespace Guardian.Cli.Rooms;

/// <summary>The list of an owner's own persons who matched.</summary>
internal static class MatchedPersons
{
    private const int TagSize = 14;

    /// <summary>Asks the room for the list, and finds its identifiers in the owner's file.</summary>
    /// <param name="file">The contract.</param>
    /// <param name="client">The room.</param>
    /// <param name="where">The conditions.</param>
    /// <param name="path">The file that was uploaded.</param>
    /// <returns>The persons who matched, and the identifiers of the file that are theirs.</returns>
    /// <exception cref="RefusedException">The contract allows no list, or the room refuses.</exception>
    public static async Task<(long Persons, IReadOnlyList<string> Identifiers)> FindAsync(
        RoomFile file, RoomClient client, IReadOnlyList<Condition> where, string path, CancellationToken cancellation)
    {
        var design = file.Contract.Analyses.Activation
            ?? throw CliReasons.AnalysisNotAllowed.Refuse("the contract allows no activation list");
        var question = new Question { Kind = QuestionKind.Activation, Where = where };
        var answer = RoomStatements.ReadResult(await client.AskAsync(question, cancellation).ConfigureAwait(false), file.Contract);
        var keys = await client.ReadKeysAsync(design.DataSet, cancellation).ConfigureAwait(false);
        var list = (ActivationResult)answer.Body;
        var wanted = list.Tags.Chunk(TagSize).Select(Convert.ToHexStringLower).ToHashSet();
        var found = new ActivationList(file.Contract.FindDataSet(design.DataSet)!.Identifier, keys.MatchKey)
            .Find(path, wanted, cancellation);
        return (list.Persons, [.. found]);
    }
}
