using Guardian.Attestation.Identity;
using Guardian.Attestation.Policy;
using Guardian.Attestation.RaTls;
using Guardian.CleanRoom.Analyses;
using Guardian.CleanRoom.Client;
using Guardian.CleanRoom.Contract;
using Guardian.CleanRoom.Log;
using Guardian.CleanRoom.Room;
using Guardian.Cli.Failures;
using Guardian.Cli.Inputs;
using Guardian.Cli.Installation;
using Guardian.Cli.Output;
using Guardian.Documents;
using Guardian.Refusals;
using System.Security.Cryptography.X509Certificates;

namespace Guardian.Cli.Rooms;

/// <summary>A contract on disk, <c>room.yaml</c>, with its members' signatures beside it.</summary>
internal sealed class RoomFile
{
    private RoomFile(string path, byte[] bytes, RoomContract contract)
    {
        Path = path;
        Bytes = bytes;
        Contract = contract;
    }

    public string Path { get; }

    public byte[] Bytes { get; }

    public RoomContract Contract { get; }

    /// <summary>The contract that this one succeeds, from <c>FILE.previous</c> beside it; null when there is none.</summary>
    public RoomContract? Previous { get; private init; }

    /// <summary>The members who sign: those of this contract, and those of the previous one, who vote.</summary>
    public IEnumerable<RoomMember> Signers => Contract.Members.Concat(Previous?.Members ?? []).DistinctBy(member => member.Name);

    /// <summary>The contract's hash, lower-case hex.</summary>
    public string Hash => Format.Hex(Contract.Hash);

    /// <summary>Reads a contract.</summary>
    /// <exception cref="RefusedException">The file is missing, or the contract has mistakes; the refusal lists all of them.</exception>
    public static RoomFile Load(string path)
    {
        var bytes = InputFile.ReadBytes(path);
        var contract = Read(path, bytes);
        var previous = PreviousPath(path);
        return new RoomFile(path, bytes, contract)
        {
            Previous = contract.Previous is not null && File.Exists(previous) ? Read(previous, InputFile.ReadBytes(previous)) : null,
        };
    }

    /// <summary>The file of the previous contract.</summary>
    public static string PreviousPath(string path) => $"{path}.previous";

    /// <summary>The file of a member's signature.</summary>
    public string SignaturePath(string member) => $"{Path}.{member}.sig";

    /// <summary>The file of the old room's hand-over.</summary>
    public string HandOverPath => $"{Path}.handover";

    /// <summary>The file of a program of the contract.</summary>
    public string ProgramPath(string program) => $"{Path}.{program}.wasm";

    /// <summary>Reads the signatures that there are.</summary>
    public IReadOnlyDictionary<string, string> ReadSignatures() => Signers
        .Where(member => File.Exists(SignaturePath(member.Name)))
        .ToDictionary(member => member.Name, member => InputFile.ReadText(SignaturePath(member.Name)));

    /// <summary>Verifies the signatures of all members.</summary>
    /// <exception cref="RefusedException">A signature is missing or wrong.</exception>
    public SignedContract RequireSigned()
    {
        return SignedContract.Verify(Contract, ReadSignatures(), out var problems, Previous)
            ?? throw CliReasons.NotSigned.Refuse(
                $"{Path} is not signed by all its members",
                $"each member signs these exact bytes: guardian room sign {Path} --member NAME --key FILE", problems);
    }

    /// <summary>Signs as a member of this contract, or of the one before, and writes the signature beside the contract.</summary>
    /// <returns>The file.</returns>
    /// <exception cref="RefusedException">The contract has no such member, or names another key, or the file exists.</exception>
    public string Sign(string member, IdentityKey key)
    {
        var known = Signers.FirstOrDefault(each => each.Name == member)
            ?? throw CliReasons.NoMember.Refuse(
                $"{Path} has no member '{member}'",
                $"its members are {string.Join(", ", Contract.Members.Select(each => each.Name))}");
        if (known.PublicKey != key.PublicKey)
        {
            throw CliReasons.WrongKey.Refuse($"the contract names another key for '{member}'");
        }
        var path = SignaturePath(member);
        OutputFile.Write(path, SignedContract.Sign(Contract, key) + "\n");
        return path;
    }

    /// <summary>The hand-over of the room before, if the contract before and the statement are beside this contract; else null.</summary>
    /// <exception cref="RefusedException">The statement does not verify.</exception>
    public HandOverStatement? ReadHandOver() => Previous is { } previous && File.Exists(HandOverPath)
        ? RoomStatements.ReadHandOver(InputFile.ReadBytes(HandOverPath), previous, Contract)
        : null;

    /// <summary>Finds the first break of a log of this room: of its chain, or with the log of the room before.</summary>
    /// <returns>The break, for people; null when there is none.</returns>
    public string? FindLogProblem(IReadOnlyList<LogLine> entries) => LogChain.FindProblem(entries)
        ?? (ReadHandOver() is { } handOver ? LogChain.FindProblem(handOver, entries) : null);

    /// <summary>Connects to the room as the member with this certificate. The contract's signatures are verified first.</summary>
    /// <param name="address">The room's address.</param>
    /// <param name="certificate">The member's certificate.</param>
    /// <param name="onVerified">Called when the enclave is verified.</param>
    public RoomClient Connect(Uri address, X509Certificate2 certificate, Action<RaTlsPeer, Appraisal>? onVerified = null)
    {
        RequireSigned();
        return new RoomClient(address, Contract, certificate, TimeProvider.System, CliVerifier.Default, onVerified);
    }

    private static RoomContract Read(string path, byte[] bytes)
    {
        var problems = new DocumentProblems();
        return ContractReader.Read(bytes, problems) is { } contract && !problems.Any
            ? contract
            : throw CliReasons.BadContract.Refuse(
                $"{path} is no valid contract", problems: [.. problems.Items.Select(problem => $"{path}:{problem}")]);
    }
}
