using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Guardian.CleanRoom.Client;
using Guardian.CleanRoom.Analyses;
using Guardian.Cli.Inputs;
using Guardian.Refusals;

namespace Guardian.Cli.Rooms;

/// <summary>The step from a contract to the one that succeeds it.</summary>
internal static partial class Succession
{
    /// <summary>Writes a copy of a signed contract that names it as its predecessor, and the predecessor beside it.</summary>
    /// <param name="file">The contract in force.</param>
    /// <param name="path">The new file.</param>
    /// <exception cref="RefusedException">The contract is not signed by all, or a file exists already.</exception>
    public static void WriteNext(RoomFile file, string path)
    {
        file.RequireSigned();
        var previous = RoomFile.PreviousPath(path);
        OutputFile.RequireNew(path, previous);
        var version = string.Create(
            CultureInfo.InvariantCulture, $"version: {file.Contract.Version + 1}\nprevious: {file.Hash}\nguard: reset");
        var text = PreviousLine().Replace(Encoding.UTF8.GetString(file.Bytes), "");
        OutputFile.Write(path, VersionLine().Replace(text, version, 1));
        OutputFile.Write(previous, file.Bytes);
    }

    /// <summary>Checks that a contract can take a room over: all have signed, and there is no statement of a hand-over yet.</summary>
    /// <exception cref="RefusedException">It cannot.</exception>
    public static void RequireReady(RoomFile next)
    {
        next.RequireSigned();
        OutputFile.RequireNew(next.HandOverPath);
    }

    /// <summary>Ends a room in favour of the next contract, and writes the room's statement beside that.</summary>
    /// <param name="file">The contract in force.</param>
    /// <param name="next">The next one.</param>
    /// <param name="client">The room.</param>
    /// <exception cref="RefusedException">The room refuses, or its statement does not verify.</exception>
    public static async Task<HandOverStatement> HandOverAsync(
        RoomFile file, RoomFile next, RoomClient client, CancellationToken cancellation)
    {
        RequireReady(next);
        var statement = await client.HandOverAsync(next.Bytes, next.ReadSignatures(), cancellation).ConfigureAwait(false);
        var handOver = RoomStatements.ReadHandOver(statement, file.Contract, next.Contract);
        OutputFile.Write(next.HandOverPath, statement);
        return handOver;
    }

    [GeneratedRegex("^version:.*$", RegexOptions.Multiline)]
    private static partial Regex VersionLine();

    // 'guard: reset' is in every later contract; a budget that was reset once is not reset again.
    [GeneratedRegex("^(previous|guard):.*\n|^ +budget: +reset *\n", RegexOptions.Multiline)]
    private static partial Regex PreviousLine();
}
