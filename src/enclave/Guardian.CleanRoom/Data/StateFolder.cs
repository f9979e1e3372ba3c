using Guardian.CleanRoom.Contract;

namespace Guardian.CleanRoom.Data;

/// <summary>The folders of rooms in an enclave's state folder.</summary>
internal static class StateFolder
{
    /// <summary>Finds the folder of a room: each contract has its own.</summary>
    public static string PathOf(string stateDirectory, RoomContract contract) =>
        Path.Combine(stateDirectory, Convert.ToHexStringLower(contract.Hash.Span[..8]));
}
