using System.CommandLine;
using System.Security.Cryptography.X509Certificates;
using Guardian.Attestation.Identity;
using Guardian.Attestation.Policy;
using Guardian.Attestation.RaTls;
using Guardian.CleanRoom.Client;
using Guardian.CleanRoom.Contract;
using Guardian.Documents;

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

    /// <summary>The contract that it succeeds; its bytes lie beside it as <c>FILE.previous</c>.</summary>
    public RoomContract? Previous { get; private init; }

    /// <summary>Members who sign: those of the contract, and those of the contract before, who vote.</summary>
    public IEnumerable<RoomMember> Signers => Contract.Members.Concat(Previous?.Members ?? []).DistinctBy(member => member.Name);

    /// <summary>The contract's hash, lower-case hex.</summary>
    public string Hash => Convert.ToHexStringLower(Contract.Hash.Span);

    /// <exception cref="CliException">It is no valid contract; every problem is a detail.</exception>
    public static RoomFile Load(string path)
    {
        var bytes = File.ReadAllBytes(path);
        var contract = Read(path, bytes);
        return new RoomFile(path, bytes, contract)
        {
            Previous = contract.Previous is not null && File.Exists($"{path}.previous") ? Read($"{path}.previous", File.ReadAllBytes($"{path}.previous")) : null,
        };
    }

    private static RoomContract Read(string path, byte[] bytes)
    {
        var problems = new DocumentProblems();
        return ContractReader.Read(bytes, problems) is { } contract && !problems.Any
            ? contract
            : throw new CliException(ExitCode.Usage, "bad-contract", $"{path} is no valid contract", [.. problems.Items.Select(problem => $"{path}:{problem}")]);
    }

    /// <summary>Where a member's signature lies.</summary>
    public string SignaturePath(string member) => $"{Path}.{member}.sig";

    /// <summary>The contract as all members signed it.</summary>
    /// <exception cref="CliException">A signature is missing or wrong.</exception>
    public SignedContract RequireSigned()
    {
        var signatures = new Dictionary<string, string>();
        foreach (var member in Signers)
        {
            if (File.Exists(SignaturePath(member.Name)))
            {
                signatures[member.Name] = File.ReadAllText(SignaturePath(member.Name));
            }
        }
        return SignedContract.Verify(Contract, signatures, out var problems, Previous)
            ?? throw new CliException(
                ExitCode.Refused, "not-signed", $"{Path} is not signed by all its members", problems,
                $"each member signs these exact bytes: guardian room sign {Path} --member NAME --key FILE");
    }

    /// <summary>Connects to the room as the member whose key is given; the signatures are verified first.</summary>
    public RoomClient Connect(Uri address, X509Certificate2 certificate, Action<RaTlsPeer, Appraisal>? onVerified = null)
    {
        RequireSigned();
        return new RoomClient(address, Contract, certificate, TimeProvider.System, CliVerifier.Default, onVerified);
    }
}

/// <summary>The arguments of every command that talks to a room, and the connection they describe.</summary>
internal sealed class RoomArguments
{
    public Argument<string> Contract { get; } = new("CONTRACT") { Description = "The signed contract, room.yaml." };

    public Option<Uri> Room { get; } = new("--room") { Description = "The room's address, https://host:port.", Required = true, CustomParser = Addresses.Parse, HelpName = "ADDRESS" };

    public Option<string> Key { get; } = new("--key") { Description = "Your key, as a member.", Required = true, HelpName = "FILE" };

    public void AddTo(Command command)
    {
        command.Arguments.Add(Contract);
        command.Options.Add(Room);
        command.Options.Add(Key);
    }

    /// <summary>Loads contract and key, connects, and works.</summary>
    public async Task<int> WithRoomAsync(ParseResult arguments, Terminal terminal, Func<RoomFile, RoomClient, Task<int>> work)
    {
        var file = RoomFile.Load(arguments.GetRequiredValue(Contract));
        using var key = IdentityKey.Load(arguments.GetRequiredValue(Key));
        if (file.Contract.Members.All(member => member.PublicKey != key.PublicKey))
        {
            throw new CliException(
                ExitCode.Refused, "not-a-member", "this key is no member's",
                hint: $"members are {string.Join(", ", file.Contract.Members.Select(member => member.Name))}; compare: guardian key show {arguments.GetRequiredValue(Key)}");
        }
        using var certificate = key.CreateClientCertificate(TimeProvider.System.GetUtcNow());
        var warned = false;
        using var client = file.Connect(arguments.GetRequiredValue(Room), certificate, (peer, _) =>
        {
            if (!warned && peer.Quote.Platform == Guardian.Sgx.PlatformKind.Simulated)
            {
                warned = true;
                terminal.Note("this room runs on a simulated platform: good for trying out, no protection");
            }
        });
        return await work(file, client).ConfigureAwait(false);
    }
}
