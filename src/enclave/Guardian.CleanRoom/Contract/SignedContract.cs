using System.Text;
using Guardian.Attestation.Identity;

namespace Guardian.CleanRoom.Contract;

/// <summary>
/// A contract that all its members signed. If it succeeds another, the members of that one voted for it. Only <see cref="Verify"/> makes
/// one.
/// </summary>
public sealed class SignedContract
{
    private SignedContract(RoomContract contract, RoomContract? previous) => (Contract, Previous) = (contract, previous);

    /// <summary>The contract.</summary>
    public RoomContract Contract { get; }

    /// <summary>The contract that it succeeds; null for the first.</summary>
    public RoomContract? Previous { get; }

    /// <summary>Signs a contract's hash as a member.</summary>
    /// <returns>ECDSA with SHA-256 over the label and the hash, r and s, in base64.</returns>
    public static string Sign(RoomContract contract, IdentityKey key)
    {
        ArgumentNullException.ThrowIfNull(contract);
        ArgumentNullException.ThrowIfNull(key);
        return Convert.ToBase64String(key.Sign(SignedBytes(contract.Hash)));
    }

    /// <summary>
    /// Verifies the signatures of all members, and for a successor the votes of the members before. A vote is a signature of the new
    /// contract. A member who joins signs like all others. A member who leaves is asked for a vote, and need not give it where a majority
    /// decides.
    /// </summary>
    /// <param name="contract">The contract.</param>
    /// <param name="signatures">By member name, as <see cref="Sign"/> gives them; white space around is ignored.</param>
    /// <param name="problems">One line for each member whose signature is missing or wrong.</param>
    /// <param name="previous">The contract that this one names as its predecessor; null for the first.</param>
    /// <returns>The signed contract, or null.</returns>
    public static SignedContract? Verify(
        RoomContract contract, IReadOnlyDictionary<string, string> signatures, out IReadOnlyList<string> problems,
        RoomContract? previous = null)
    {
        problems = FindProblems(ContractHead.Of(contract), signatures, previous);
        return problems.Count == 0 ? new SignedContract(contract, contract.Previous is null ? null : previous) : null;
    }

    /// <summary>Finds the signatures and votes that are missing or wrong, for a contract of which only the head is known.</summary>
    /// <param name="contract">The head of the contract.</param>
    /// <param name="signatures">By member name.</param>
    /// <param name="previous">The contract that this one names as its predecessor; null for the first.</param>
    /// <returns>One line for each problem.</returns>
    internal static IReadOnlyList<string> FindProblems(
        ContractHead contract, IReadOnlyDictionary<string, string> signatures, RoomContract? previous)
    {
        ArgumentNullException.ThrowIfNull(signatures);
        var found = new List<string>();
        foreach (var member in contract.Members)
        {
            if (!signatures.TryGetValue(member.Name, out var signature))
            {
                found.Add($"{member.Name} has not signed");
            }
            else if (!IsValid(contract.Hash, member, signature))
            {
                found.Add(
                    $"the signature of {member.Name} is not for this contract: it was changed after signing, or signed with another key");
            }
        }
        if (contract.Previous is not null)
        {
            found.AddRange(FindVoteProblems(contract, signatures, previous));
        }
        return found;
    }

    private static List<string> FindVoteProblems(
        ContractHead contract, IReadOnlyDictionary<string, string> signatures, RoomContract? previous)
    {
        if (previous is null || !previous.Hash.Span.SequenceEqual(contract.Previous!.Value.Span))
        {
            return ["the contract that this one succeeds is missing, or is not the one that it names"];
        }
        if (previous.Name != contract.Name || previous.Version + 1 != contract.Version)
        {
            return
            [
                $"this is version {contract.Version} of '{contract.Name}', which cannot succeed version {previous.Version} of "
                + $"'{previous.Name}'",
            ];
        }
        var against = previous.Members
            .Where(member => !signatures.TryGetValue(member.Name, out var vote) || !IsValid(contract.Hash, member, vote))
            .Select(member => member.Name).ToList();
        var votes = previous.Members.Count - against.Count;
        var isEnough = previous.Amendment == VoteRule.All ? against.Count == 0 : 2 * votes > previous.Members.Count;
        var needed = previous.Amendment == VoteRule.All ? "all" : "a majority";
        return isEnough
            ? []
            :
            [
                $"{votes} of {previous.Members.Count} members before voted for this contract, which needs {needed}; "
                + $"missing: {string.Join(", ", against)}",
            ];
    }

    private static bool IsValid(ReadOnlyMemory<byte> hash, RoomMember member, string? signature)
    {
        var bytes = new byte[64];
        return signature is not null && Convert.TryFromBase64String(signature.Trim(), bytes, out var size)
            && IdentityKey.Verify(Convert.FromBase64String(member.PublicKey), SignedBytes(hash), bytes.AsSpan(0, size));
    }

    // The label keeps a member's key from signing anything else that looks like a hash.
    private static byte[] SignedBytes(ReadOnlyMemory<byte> hash) =>
        [.. Encoding.ASCII.GetBytes("guardian-room-contract-v1\0"), .. hash.Span];
}
