using System.Globalization;
using System.Security.Cryptography.X509Certificates;
using Guardian.Attestation.Collateral;
using Guardian.Cas.Client.Connection;
using Guardian.Cas.Client.Protocol;
using Guardian.CleanRoom.Contract;
using Guardian.CleanRoom.Data;
using Guardian.CleanRoom.Log;
using Guardian.CleanRoom.Matching.Shards;
using Guardian.CleanRoom.Room;
using Guardian.Hosting;
using Guardian.Refusals;

namespace Guardian.Enclave;

/// <summary>From a signed contract to a room that serves.</summary>
internal static class RoomLaunch
{
    private const string Command = "clean-room";
    private const string KeyVariable = "ROOM_KEY";

    // Enough for any machine; more is a mistyped number.
    private const int MaxWorkingSet = 1024 * 1024;

    /// <summary>Whether this enclave computes for the one that serves the room, as <c>--role shard</c> says.</summary>
    /// <exception cref="HostException">There is no such role.</exception>
    public static bool IsShard(HostOptions options) => options.Find("role") switch
    {
        null or "room" => false,
        "shard" => true,
        var other => throw new HostException(2, $"there is no role '{other}'", "roles are room and shard"),
    };

    /// <summary>The memory for data, from <c>--working-set</c> in MiB.</summary>
    /// <exception cref="HostException">It is no number of MiB.</exception>
    public static WorkingSet ReadWorkingSet(HostOptions options) => options.Find("working-set") is not { } text
        ? WorkingSet.Default()
        : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var mebibytes) && mebibytes is > 0 and <= MaxWorkingSet
            ? WorkingSet.FromMebibytes(mebibytes)
            : throw new HostException(2, $"'{text}' is no working set", "give a number of MiB");

    /// <summary>The shards that <c>--shards</c> names. The host may name any address: each is verified before it is told anything.</summary>
    /// <exception cref="HostException">An address is none.</exception>
    public static IReadOnlyList<IShard> FindShards(HostOptions options, RoomContract contract, X509Certificate2 certificate, TimeProvider time) =>
    [
        .. (options.Find("shards") ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Select(text =>
            Uri.TryCreate(text, UriKind.Absolute, out var address) && address.Scheme == Uri.UriSchemeHttps
                ? new HttpShard(address, contract, certificate, options.Collateral, time)
                : throw new HostException(2, $"'{text}' is no address of a shard", "give https://host:port, several with commas between them")),
    ];

    /// <summary>Gets the room's key from the CAS that the contract names.</summary>
    /// <exception cref="HostException">The CAS is not trusted, denies, cannot be reached, or gives something else.</exception>
    public static async Task<byte[]> GetRoomKeyAsync(RoomContract contract, string cas, X509Certificate2 certificate, ICollateralSource collateral, TimeProvider time)
    {
        if (!Uri.TryCreate(cas, UriKind.Absolute, out var address))
        {
            throw new HostException(2, $"'{cas}' is no address of a CAS", "give https://host:port");
        }
        var slash = contract.Cas.Session.LastIndexOf('/');
        var (session, service) = (contract.Cas.Session[..slash], contract.Cas.Session[(slash + 1)..]);
        StartupConfiguration configuration;
        try
        {
            using var client = new CasClient(address, contract.Cas.Policy, certificate, time, collateral: collateral);
            configuration = await client.ConfigureAsync(session, service).ConfigureAwait(false);
        }
        catch (RefusedException failure)
        {
            var refusal = failure.Refusal;
            var isUnreachable = refusal.Reason == CasReasons.Unreachable;
            throw new HostException(
                isUnreachable || refusal.Reason == CasReasons.Damaged ? 3 : 1, refusal.Detail,
                isUnreachable ? "start the CAS, or check its address" : null, refusal.Problems);
        }
        if (configuration.SessionHash != contract.Cas.SessionHash)
        {
            throw new HostException(
                1, $"the CAS has another session '{session}' than the members agreed on: hash {configuration.SessionHash} instead of {contract.Cas.SessionHash}",
                "restore the session, or have the members sign a contract with the new hash");
        }
        return configuration.Command is [Command]
            && configuration.Environment.TryGetValue(KeyVariable, out var hex) && hex.Length == 2 * RoomKeys.KeySize && hex.All(char.IsAsciiHexDigit)
            ? Convert.FromHexString(hex)
            : throw new HostException(
                1, $"session '{session}' does not start a clean room", $"its service needs 'command: {Command}' and {KeyVariable} as {RoomKeys.KeySize} bytes in hex; see 'guardian room session'");
    }

    /// <summary>Opens the room on its state.</summary>
    /// <exception cref="HostException">The host changed the state.</exception>
    public static RoomService Open(SignedContract signed, byte[] roomKey, string state, RoomEnclave enclave, TimeProvider time)
    {
        try
        {
            return new RoomService(signed, roomKey, state, enclave, time);
        }
        catch (RoomStateException failure)
        {
            throw new HostException(1, failure.Message);
        }
        catch (RoomHeadException failure)
        {
            throw new HostException(3, failure.Message, $"the session's service needs 'tags: [{CasRoomHead.Tag}]'; see 'guardian room session'");
        }
    }
}
