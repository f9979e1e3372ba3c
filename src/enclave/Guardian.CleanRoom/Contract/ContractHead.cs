using System.Security.Cryptography;
using Guardian.Documents;

namespace Guardian.CleanRoom.Contract;

/// <summary>
/// The part of a contract that decides who may succeed whom. A room reads no more of a contract that succeeds its own: a later release may
/// know members that this one does not.
/// </summary>
/// <param name="Name">The room's name.</param>
/// <param name="Version">The version.</param>
/// <param name="Previous">SHA-256 of the contract that it succeeds, 32 bytes; null for the first.</param>
/// <param name="Members">The members.</param>
/// <param name="Hash">SHA-256 of the contract's bytes, 32 bytes.</param>
public sealed record ContractHead(
    string Name, int Version, ReadOnlyMemory<byte>? Previous, IReadOnlyList<RoomMember> Members, ReadOnlyMemory<byte> Hash)
{
    /// <summary>Takes the head of a contract.</summary>
    /// <param name="contract">The contract.</param>
    /// <returns>Its head.</returns>
    public static ContractHead Of(RoomContract contract)
    {
        ArgumentNullException.ThrowIfNull(contract);
        return new ContractHead(contract.Name, contract.Version, contract.Previous, contract.Members, contract.Hash);
    }

    /// <summary>Reads the head of a contract, and ignores the rest. Never throws for any content.</summary>
    /// <param name="utf8">The contract's exact bytes.</param>
    /// <param name="problems">Receives each mistake of the head.</param>
    /// <returns>The head, or null when there is any mistake.</returns>
    public static ContractHead? Read(ReadOnlySpan<byte> utf8, DocumentProblems problems)
    {
        ArgumentNullException.ThrowIfNull(problems);
        if (YamlDocument.Read(utf8, problems) is not { } map)
        {
            return null;
        }
        var version = (int)map.Integer("version", 1, ContractReader.MaxVersion);
        var head = new ContractHead(
            ContractReader.ReadName(map, "room"), version, ContractReader.ReadPrevious(map, version),
            ContractReader.ReadMembers(map, isWhole: false), SHA256.HashData(utf8));
        return problems.Any ? null : head;
    }
}
