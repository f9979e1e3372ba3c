using System.Globalization;
using System.Net;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Guardian.Attestation.Evidence;
using Guardian.Attestation.Launch;
using Guardian.Attestation.Verification;
using Guardian.Cas.Client.Connection;
using Guardian.Cas.Client.Protocol;
using Guardian.CleanRoom.Base;
using Guardian.CleanRoom.Contract;
using Guardian.CleanRoom.Keys;
using Guardian.CleanRoom.Room;
using Guardian.CleanRoom.Shards;
using Guardian.Hosting;
using Guardian.Refusals;

namespace Guardian.Enclave;

/// <summary>Turns the options and a signed contract into a room that serves.</summary>
internal static class RoomLaunch
{
    private const string Command = "clean-room";
    private const string KeyVariable = "ROOM_KEY";

    // No machine has more; a larger number is a typing error.
    private const int MaxWorkingSet = 1024 * 1024;

    /// <summary>Whether this enclave is a shard, by <c>--role</c>: it computes for the enclave that serves the room.</summary>
    /// <exception cref="RefusedException">There is no such role.</exception>
    public static bool IsShard(HostOptions options) => options.Find("role") switch
    {
        null or "room" => false,
        "shard" => true,
        var other => throw HostingReasons.RefuseInput($"there is no role '{other}'", "roles are room and shard"),
    };

    /// <summary>Reads the memory for data, from <c>--working-set</c> in MiB.</summary>
    /// <exception cref="RefusedException">The option is not a number of MiB.</exception>
    public static WorkingSet ReadWorkingSet(HostOptions options) => options.Find("working-set") is not { } text
        ? WorkingSet.Default()
        : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var mebibytes) && mebibytes is > 0 and <= MaxWorkingSet
            ? WorkingSet.FromMebibytes(mebibytes)
            : throw HostingReasons.RefuseInput($"'{text}' is not a working set", "give a number of MiB");

    /// <summary>Reads where the shards are, from <c>--shards</c>. The host may name any address: the room verifies each before it sends
    /// anything.</summary>
    /// <returns>Finds the shards that there are now; null without the option.</returns>
    /// <exception cref="RefusedException">An address is malformed.</exception>
    public static Func<IReadOnlyList<IShard>>? FindShards(
        HostOptions options, RoomContract contract, X509Certificate2 certificate, TimeProvider time)
    {
        IReadOnlyList<Uri> places =
        [
            .. (options.Find("shards") ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Select(
                text => Uri.TryCreate(text, UriKind.Absolute, out var address) && address.Scheme == Uri.UriSchemeHttps
                    ? address
                    : throw HostingReasons.RefuseInput(
                        $"'{text}' is not the address of a shard", "give https://host:port, several with commas between them")),
        ];
        return places.Count == 0 ? null : new ShardAddresses(
            places, Dns.GetHostAddresses, address => new HttpShard(address, contract, certificate, options.Verifier, time), time).Find;
    }

    /// <summary>Connects to the CAS that the contract names.</summary>
    /// <exception cref="RefusedException">The CAS is not trusted, refuses, or cannot be reached.</exception>
    public static async Task<CasClient> ConnectAsync(
        RoomContract contract, string cas, IQuoteProvider quotes, EvidenceVerifier verifier, TimeProvider time)
    {
        if (!Uri.TryCreate(cas, UriKind.Absolute, out var address))
        {
            throw HostingReasons.RefuseInput($"'{cas}' is not the address of a CAS", "give https://host:port");
        }
        var (session, service) = ServiceOf(contract);
        try
        {
            return await CasClient.ConnectEnclaveAsync(
                address, contract.Cas.Policy, new CasPins(contract.Cas.Identity, contract.Cas.Owners),
                identity => EvidenceContext.RuntimeLaunch(identity, session, service), quotes, time, verifier).ConfigureAwait(false);
        }
        catch (RefusedException failure)
        {
            throw Explain(failure);
        }
    }

    /// <summary>Gets the room's key from the CAS.</summary>
    /// <exception cref="RefusedException">The CAS refuses, cannot be reached, or gives something else.</exception>
    public static async Task<byte[]> GetRoomKeyAsync(RoomContract contract, CasClient cas)
    {
        var (session, service) = ServiceOf(contract);
        StartupConfiguration configuration;
        try
        {
            configuration = await cas.ConfigureAsync(session, service).ConfigureAwait(false);
        }
        catch (RefusedException failure)
        {
            throw Explain(failure);
        }
        if (configuration.SessionHash != contract.Cas.SessionHash)
        {
            throw HostingReasons.RefuseStart(
                $"the CAS has another session '{session}' than the members agreed on: "
                + $"hash {configuration.SessionHash} instead of {contract.Cas.SessionHash}",
                "restore the session, or have the members sign a contract with the new hash");
        }
        if (!configuration.IsImmutable || !configuration.PinnedVariables.Contains(KeyVariable))
        {
            throw HostingReasons.RefuseStart(
                $"session '{session}' could be changed so that the room's key leaves the enclave",
                "the session needs 'access_policy: {update: [NONE], read: [ANY]}', and the key 'pinned: true'; "
                + "see 'guardian room session'");
        }
        return configuration.Command is [Command]
            && configuration.Environment.TryGetValue(KeyVariable, out var hex)
            && hex.Length == 2 * RoomKeys.KeySize && hex.All(char.IsAsciiHexDigit)
            ? Convert.FromHexString(hex)
            : throw HostingReasons.RefuseStart(
                $"session '{session}' does not start a clean room",
                $"its service needs 'command: {Command}' and {KeyVariable} as {RoomKeys.KeySize} bytes in hex; "
                + "see 'guardian room session'");
    }

    /// <summary>Reads the text of the session that the contract names, for members who check where the room's key can go.</summary>
    /// <returns>UTF-8.</returns>
    /// <exception cref="RefusedException">The CAS cannot be reached, or does not show the session to everybody.</exception>
    public static async Task<byte[]> ReadSessionAsync(RoomContract contract, CasClient cas)
    {
        var (session, _) = ServiceOf(contract);
        try
        {
            return Encoding.UTF8.GetBytes((await cas.ReadAsync(session).ConfigureAwait(false)).Text);
        }
        catch (RefusedException failure) when (!failure.IsTransient)
        {
            throw HostingReasons.RefuseStart(
                $"the CAS does not show session '{session}': {failure.Message}", "the session needs 'access_policy: {read: [ANY]}'");
        }
    }

    private static (string Session, string Service) ServiceOf(RoomContract contract)
    {
        var slash = contract.Cas.Session.LastIndexOf('/');
        return (contract.Cas.Session[..slash], contract.Cas.Session[(slash + 1)..]);
    }

    private static RefusedException Explain(RefusedException failure)
    {
        var isUnreachable = failure.Refusal.Reason == CasReasons.Unreachable;
        var reason = isUnreachable || failure.Refusal.Reason == CasReasons.Damaged
            ? HostingReasons.MachineFailed
            : HostingReasons.StartRefused;
        return new RefusedException(reason.Because(failure.Message) with
        {
            Problems = failure.Refusal.Problems,
            Remedy = isUnreachable ? "start the CAS, or check its address" : null,
        });
    }

    /// <summary>Opens the room on its state.</summary>
    /// <exception cref="RefusedException">The host changed the state, or the CAS cannot return the head of the log.</exception>
    public static RoomService Open(SignedContract signed, byte[] roomKey, string state, RoomEnclave enclave, TimeProvider time)
    {
        try
        {
            return RoomService.Open(signed, roomKey, state, enclave, time);
        }
        catch (RefusedException failure) when (failure.IsTransient)
        {
            var remedy = $"the session's service needs 'tags: [{CasRoomTag.Head}, {CasRoomTag.KeySecret}]'; see 'guardian room session'";
            throw new RefusedException(failure.Refusal with { Remedy = remedy }, failure);
        }
    }
}
