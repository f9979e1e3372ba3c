using Guardian.CleanRoom.Contract;
using Guardian.CleanRoom.Data;
using Guardian.CleanRoom.Log;
using Guardian.CleanRoom.Privacy;

namespace Guardian.CleanRoom.Room;

/// <summary>What a room takes over from the contract before: what was spent of each data set's budget, and where the log's head stands.</summary>
internal sealed record Predecessor(SuccessionDetail Detail, byte[] Head)
{
    /// <summary>Reads the log of the contract before, with the same room key.</summary>
    /// <returns>Null when that contract's room never wrote anything.</returns>
    /// <exception cref="RoomStateException">It is not there, was changed, or is an older copy.</exception>
    public static Predecessor? Read(RoomContract previous, ReadOnlySpan<byte> roomKey, string directory, IRoomHead? head, TimeProvider time)
    {
        var path = Path.Combine(directory, "log");
        if (!File.Exists(path))
        {
            return head?.Read() is null
                ? null
                : throw new RoomStateException($"{path} is missing: the room under the contract before has spent some of its budgets, and that has to be known; give the same state folder");
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
