namespace Guardian.CleanRoom.Room;

/// <summary>Asks a room to hand itself over: <c>POST /v1/succession</c>.</summary>
/// <param name="Contract">The exact bytes of the contract that succeeds the room's.</param>
/// <param name="Signatures">Its signatures and the votes of the members before, by member name.</param>
public sealed record SuccessorRequest(byte[] Contract, IReadOnlyDictionary<string, string> Signatures);
