using Guardian.CleanRoom.Base;
using Guardian.CleanRoom.Contract;
using Guardian.CleanRoom.Data;
using Guardian.CleanRoom.Keys;
using Guardian.CleanRoom.Log;
using Guardian.Refusals;

namespace Guardian.CleanRoom.Room;

/// <summary>The inheritance of a room from the contract before.</summary>
/// <param name="Detail">The budgets that were spent.</param>
/// <param name="Head">The head of the log.</param>
internal sealed record Predecessor(SuccessionDetail Detail, byte[] Head)
{
    /// <summary>Reads the log of the contract before, with the same room key.</summary>
    /// <param name="previous">The contract before.</param>
    /// <param name="roomKey">32 bytes.</param>
    /// <param name="directory">Folder of the room under that contract.</param>
    /// <param name="head">The head of the log; null when nothing keeps it.</param>
    /// <param name="time">The clock.</param>
    /// <returns>Null when the room under that contract never wrote anything.</returns>
    /// <exception cref="RefusedException">The log is missing, was changed or is an older copy, or the head cannot be reached.</exception>
    public static Predecessor? Read(
        RoomContract previous, ReadOnlySpan<byte> roomKey, string directory, IRoomTag? head, TimeProvider time)
    {
        var path = Path.Combine(directory, StateFolder.LogName);
        if (!File.Exists(path))
        {
            return head?.Read() is null
                ? null
                : throw new RefusedException(RoomReasons.StateChanged.Because(
                    $"{path} is missing: the room under the contract before has spent some of its budgets, and its log is needed; "
                    + "use the same state folder"));
        }
        using var keys = new RoomKeys(roomKey, previous.Hash.Span);
        using var state = new StateCipher(keys.StateKey(), previous.Hash);
        using var log = RoomLog.Open(path, state, time, head);
        return log.Entries.Count == 0
            ? null
            : new Predecessor(
                new SuccessionDetail(Convert.ToHexStringLower(previous.Hash.Span), Ledger.From(previous, log.Entries).Spent),
                Convert.FromHexString(log.Entries[^1].Hash));
    }
}
