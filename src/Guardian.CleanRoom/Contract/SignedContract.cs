using System.Text;
using Guardian.Attestation;

namespace Guardian.CleanRoom;

/// <summary>A contract that all its members signed. Only <see cref="Verify"/> makes one.</summary>
public sealed class SignedContract
{
    private SignedContract(RoomContract contract) => Contract = contract;

    /// <summary>The contract.</summary>
    public RoomContract Contract { get; }

    /// <summary>Signs a contract's hash as a member.</summary>
    /// <returns>ECDSA with SHA-256 over the label and the hash, r and s, in base64.</returns>
    public static string Sign(RoomContract contract, IdentityKey key)
    {
        ArgumentNullException.ThrowIfNull(key);
        return Convert.ToBase64String(key.Sign(SignedBytes(contract)));
    }

    /// <summary>Checks the signatures of all members.</summary>
    /// <param name="signatures">By member name, as <see cref="Sign"/> gives them; white space around is ignored.</param>
    /// <param name="problems">One line for each member whose signature is missing or wrong.</param>
    /// <returns>The signed contract, or null.</returns>
    public static SignedContract? Verify(RoomContract contract, IReadOnlyDictionary<string, string> signatures, out IReadOnlyList<string> problems)
    {
        ArgumentNullException.ThrowIfNull(contract);
        ArgumentNullException.ThrowIfNull(signatures);
        var found = new List<string>();
        foreach (var member in contract.Members)
        {
            if (!signatures.TryGetValue(member.Name, out var signature))
            {
                found.Add($"{member.Name} has not signed");
            }
            else if (!IsValid(contract, member, signature))
            {
                found.Add($"the signature of {member.Name} is not for this contract: it was changed after signing, or signed with another key");
            }
        }
        problems = found;
        return found.Count == 0 ? new SignedContract(contract) : null;
    }

    private static bool IsValid(RoomContract contract, RoomMember member, string signature)
    {
        var bytes = new byte[64];
        return Convert.TryFromBase64String(signature.Trim(), bytes, out var size)
            && IdentityKey.Verify(Convert.FromBase64String(member.PublicKey), SignedBytes(contract), bytes.AsSpan(0, size));
    }

    // The label keeps a member's key from signing anything else that looks like a hash.
    private static byte[] SignedBytes(RoomContract contract) => [.. Encoding.ASCII.GetBytes("guardian-room-contract-v1\0"), .. contract.Hash.Span];
}
