using System.Runtime.InteropServices;
using Guardian.Attestation.Verification;
using Guardian.CleanRoom.Contract;
using Guardian.CleanRoom.Room;
using Guardian.Documents;
using Guardian.Hosting;
using Guardian.Refusals;
using Guardian.Sgx.Measurement;
using Guardian.Wasi.Pure;

namespace Guardian.Enclave;

/// <summary>Reads the contract and its signatures from the host. The host is not trusted: partners compare the hash.</summary>
internal static class ContractFile
{
    /// <summary>Reads a contract, and the signatures beside it.</summary>
    /// <param name="path">The contract's file.</param>
    /// <exception cref="RefusedException">The contract is invalid, or a member did not sign it.</exception>
    public static SignedContract Load(string path)
    {
        var contract = Read(path);
        var previous = contract.Previous is null ? null : Read($"{path}.previous");
        var signatures = contract.Members.Concat(previous?.Members ?? []).Select(member => member.Name).Distinct()
            .Select(name => (Name: name, Path: $"{path}.{name}.sig"))
            .Where(signature => File.Exists(signature.Path))
            .ToDictionary(signature => signature.Name, signature => File.ReadAllText(signature.Path));
        return SignedContract.Verify(contract, signatures, out var unsigned, previous)
            ?? throw new RefusedException(HostingReasons.StartRefused.Because($"{path} is not signed by all its members") with
            {
                Problems = unsigned,
                Remedy = "each member signs it with 'guardian room sign'",
            });
    }

    /// <summary>Finds the hand-over of the room under the contract before, beside the contract.</summary>
    /// <param name="path">The contract's file.</param>
    /// <param name="verifier">Verifies it.</param>
    public static HandOverSource FindHandOver(string path, EvidenceVerifier verifier) => new(
        () => File.Exists($"{path}.handover") ? File.ReadAllBytes($"{path}.handover") : null, verifier);

    /// <summary>Makes the process find the engine for programs among the files that are loaded on demand.</summary>
    public static void FindEngine() => NativeLibrary.SetDllImportResolver(typeof(PureProgram).Assembly, static (name, _, _) =>
        NativeLibrary.TryLoad(
            Path.Combine(AppContext.BaseDirectory, EnclaveImage.OnDemandFolder, $"lib{name}.so"), out var library) ? library : 0);

    /// <summary>Reads the modules of the contract's programs, beside the contract; the room compares their digests.</summary>
    /// <param name="path">The contract's file.</param>
    /// <param name="contract">The contract.</param>
    /// <returns>The modules that are there, by the name of the program.</returns>
    public static Dictionary<string, byte[]> ReadPrograms(string path, RoomContract contract) => contract.Analyses.Programs
        .Select(program => (program.Name, Path: $"{path}.{program.Name}.wasm"))
        .Where(program => new FileInfo(program.Path) is { Exists: true, Length: <= PureProgram.MaxSize })
        .ToDictionary(program => program.Name, program => File.ReadAllBytes(program.Path));

    private static RoomContract Read(string path)
    {
        var problems = new DocumentProblems();
        return ContractReader.Read(File.ReadAllBytes(path), problems)
            ?? throw new RefusedException(HostingReasons.BadInput.Because($"{path} is not a valid contract") with
            {
                Problems = [.. problems.Items.Select(problem => problem.ToString())],
                Remedy = "check it with 'guardian room check'",
            });
    }
}
