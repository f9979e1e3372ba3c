using Guardian.CleanRoom.Analyses;
using Guardian.CleanRoom.Base;
using Guardian.CleanRoom.Contract;
using Guardian.CleanRoom.Log;
using Guardian.Documents;
using Guardian.Refusals;

namespace Guardian.CleanRoom.Room;

/// <summary>
/// Ends a room in favour of a contract that its members agreed on. The successor gets the head of the log and the spent budget, whatever
/// its code and its session are; the data does not move. Thread-safe.
/// </summary>
/// <remarks>
/// Steps, of which each may be the last before a crash: 1. log the hand-over, which moves the head: from here on, no copy of the state
/// answers. 2. Destroy the keys of the data. 3. Sign the statement. Asked again for the same successor, the room does all of it again.
/// </remarks>
public sealed class RoomSuccession
{
    private readonly RoomState state;

    internal RoomSuccession(RoomState state) => this.state = state;

    /// <summary>Hands the room over. It waits for a running analysis.</summary>
    /// <param name="member">The member who asks.</param>
    /// <param name="request">The successor. The votes decide, not the member.</param>
    /// <returns>A signed <see cref="HandOverStatement"/>.</returns>
    /// <exception cref="RefusedException">The CAS cannot be reached; the room may be handed over or not, and asking again is
    /// harmless.</exception>
    public Outcome<byte[]> HandOver(RoomMember member, SuccessorRequest request)
    {
        ArgumentNullException.ThrowIfNull(member);
        ArgumentNullException.ThrowIfNull(request);
        var problems = new DocumentProblems();
        if (ContractHead.Read(request.Contract, problems) is not { } successor)
        {
            return RoomReasons.NoSuccessor.Because("this is no contract") with
            {
                Problems = [.. problems.Items.Select(problem => problem.ToString())],
            };
        }
        if (successor.Previous is not { } previous || !previous.Span.SequenceEqual(state.Contract.Hash.Span))
        {
            return RoomReasons.NoSuccessor.Because($"the contract does not name {state.Hash} as its predecessor");
        }
        if (SignedContract.FindProblems(successor, request.Signatures, state.Contract) is { Count: > 0 } missing)
        {
            return RoomReasons.NoSuccessor.Because(string.Join("; ", missing));
        }
        var hash = Convert.ToHexStringLower(successor.Hash.Span);
        lock (state.Analysis)
        {
            if (state.Successor is { } known && known != hash)
            {
                return RoomReasons.HandedOver.Because($"this room was handed over to the contract {known}");
            }
            var entry = state.Append(member, LogEvents.HandOver, new HandOverDetail(hash), RoomLogJson.Default.HandOverDetail);
            foreach (var store in state.Stores.Values)
            {
                store.Erase();
            }
            var statement = new HandOverStatement(
                state.Contract.Name, state.Hash, hash, entry.Instant, state.Ledger.Spent, entry.Sequence, entry.Hash);
            return state.Sign(statement, AnswerJson.Default.HandOverStatement, HandOverStatement.StatementType);
        }
    }
}
