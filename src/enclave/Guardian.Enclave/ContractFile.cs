using Guardian.CleanRoom.Contract;
using Guardian.Documents;
using Guardian.Hosting;

namespace Guardian.Enclave;

/// <summary>Reads the contract that the host gives, and the signatures beside it. The host need not be trusted: partners compare the hash.</summary>
internal static class ContractFile
{
    public static SignedContract Load(string path)
    {
        var contract = Read(path);
        var previous = contract.Previous is null ? null : Read($"{path}.previous");
        var signatures = contract.Members.Concat(previous?.Members ?? []).Select(member => member.Name).Distinct()
            .Select(name => (Name: name, Path: $"{path}.{name}.sig"))
            .Where(signature => File.Exists(signature.Path))
            .ToDictionary(signature => signature.Name, signature => File.ReadAllText(signature.Path));
        return SignedContract.Verify(contract, signatures, out var unsigned, previous)
            ?? throw new HostException(1, $"{path} is not signed by all its members", "each member signs it with 'guardian room sign'", unsigned);
    }

    private static RoomContract Read(string path)
    {
        var problems = new DocumentProblems();
        return ContractReader.Read(File.ReadAllBytes(path), problems)
            ?? throw new HostException(2, $"{path} is no valid contract", "see what is wrong with 'guardian room check'", [.. problems.Items.Select(problem => problem.ToString())]);
    }
}
