using System.CommandLine;
using Guardian.Attestation.Identity;
using Guardian.CleanRoom.Client;
using Guardian.Cli.Failures;
using Guardian.Cli.Inputs;
using Guardian.Cli.Output;
using Guardian.Refusals;
using Guardian.Sgx;

namespace Guardian.Cli.Rooms;

/// <summary>The arguments of every command that talks to a room, and the connection that they describe.</summary>
internal sealed class RoomOptions
{
    private readonly Argument<string> contract = CreateContractArgument();
    private readonly Option<Uri?> room = new("--room")
    {
        Description = "The room's address, https://host:port. The default is what 'guardian room use' remembers.",
        CustomParser = Addresses.Parse,
        HelpName = "ADDRESS",
    };
    private readonly Option<string?> key = new("--key")
    {
        Description = "Your key, as a member. The default is what 'guardian room use' remembers.",
        HelpName = "FILE",
    };

    public IReadOnlyList<Symbol> All => [contract, room, key];

    /// <summary>The argument that names the contract.</summary>
    public static Argument<string> CreateContractArgument() => new("CONTRACT") { Description = "The signed contract, room.yaml." };

    /// <summary>Loads contract and key, connects, and works.</summary>
    /// <exception cref="RefusedException">The contract is not valid or not signed, or the key is no member's.</exception>
    public async Task<int> UseAsync(ParseResult arguments, Terminal terminal, Func<RoomFile, RoomClient, Task<int>> work)
    {
        var file = RoomFile.Load(arguments.GetRequiredValue(contract));
        var (address, keyPath) = ReadConnection(file, arguments, terminal);
        using var identity = LoadKey(file, keyPath);
        using var certificate = identity.CreateClientCertificate(TimeProvider.System.GetUtcNow());
        var isNoted = false;
        using var client = file.Connect(address, certificate, (peer, _) =>
        {
            if (!isNoted && peer.Quote.Platform == PlatformKind.Simulated)
            {
                isNoted = true;
                terminal.Note("this room runs on a simulated platform: good for trying out, no protection");
            }
        });
        return await work(file, client).ConfigureAwait(false);
    }

    /// <summary>Whether a text can be the name of a member: lower-case letters, digits, hyphens and underscores, at most 64.</summary>
    public static bool IsMemberName(string name) => name.Length is > 0 and <= 64
        && name.All(letter => char.IsAsciiLetterLower(letter) || char.IsAsciiDigit(letter) || letter is '-' or '_');

    /// <summary>Loads the key of a member.</summary>
    /// <exception cref="RefusedException">The file cannot be read, or the key is no member's.</exception>
    public static IdentityKey LoadKey(RoomFile file, string path)
    {
        var identity = KeyFile.Load(path);
        if (file.Contract.Members.Any(member => member.PublicKey == identity.PublicKey))
        {
            return identity;
        }
        identity.Dispose();
        var members = string.Join(", ", file.Contract.Members.Select(member => member.Name));
        throw CliReasons.NotAMember.Refuse("this key is no member's", $"members are {members}; compare: guardian key show {path}");
    }

    // An option wins over what is remembered.
    private (Uri Address, string Key) ReadConnection(RoomFile file, ParseResult arguments, Terminal terminal)
    {
        var (address, path) = (arguments.GetValue(room), arguments.GetValue(key));
        if (address is not null && path is not null)
        {
            return (address, path);
        }
        var known = KnownRoom.Find(file.Hash) ?? throw CliReasons.NoConnection.Refuse(
            $"{(address is null ? "--room" : "--key")} is missing, and no connection is remembered for {file.Path}");
        terminal.Note("using " + string.Join(" and ", new[]
        {
            address is null ? $"--room {known.Room}" : null, path is null ? $"--key {known.Key}" : null,
        }.OfType<string>()) + ", as 'guardian room use' remembers");
        return (address ?? new Uri(known.Room), path ?? known.Key);
    }
}
