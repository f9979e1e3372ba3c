using System.Buffers;
using System.Security.Cryptography;
using Guardian.Attestation.Identity;
using Guardian.Attestation.Policy;
using Guardian.Documents;
using Guardian.Policies;

namespace Guardian.CleanRoom.Contract;

/// <summary>Reads <c>room.yaml</c> (docs/spec/room.md) and reports all mistakes at once.</summary>
public static class ContractReader
{
    private const int MaxNameSize = 64;

    private const int MaxMembers = 16;
    internal const int MaxVersion = 1_000_000;

    private static readonly Dictionary<string, VoteRule> VoteRules = new() { ["all"] = VoteRule.All, ["majority"] = VoteRule.Majority };

    private static readonly SearchValues<char> NameCharacters = SearchValues.Create("abcdefghijklmnopqrstuvwxyz0123456789-_");

    /// <summary>Reads a contract. Never throws for any content.</summary>
    /// <param name="utf8">The contract's exact bytes; their SHA-256 is its hash.</param>
    /// <param name="problems">Receives each mistake with line and column.</param>
    /// <returns>The contract, or null when there is any mistake.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="problems"/> is null.</exception>
    public static RoomContract? Read(ReadOnlySpan<byte> utf8, DocumentProblems problems)
    {
        ArgumentNullException.ThrowIfNull(problems);
        if (YamlDocument.Read(utf8, problems) is not { } map)
        {
            return null;
        }
        var members = ReadMembers(map);
        var waterfall = WaterfallReader.Read(map, ReadDataSets(map, members));
        var dataSets = waterfall.DataSets;
        var privacy = PrivacyReader.Read(map, dataSets) with { Influence = waterfall.Influence };
        var analyses = new AnalysesReader(map, dataSets).Read();
        analyses = analyses with { Programs = ProgramsReader.Price(map, analyses.Programs, privacy, dataSets) };
        waterfall.Check(analyses);
        var version = (int)map.Integer("version", 1, MaxVersion);
        var contract = new RoomContract
        {
            Name = ReadName(map, "room"),
            Version = version,
            Previous = ReadPrevious(map, version),
            Amendment = map.Word("amendment", VoteRules, VoteRule.All),
            Members = members,
            Roles = ReadRoles(map, members),
            Enclave = ReadPolicy(map, "enclave"),
            Cas = ReadCas(map),
            DataSets = dataSets,
            Persons = waterfall.Persons,
            Analyses = analyses.Lift is { } lift
                ? analyses with { Lift = PrivacyReader.Price(map, lift, privacy, dataSets) }
                : analyses,
            Privacy = privacy,
            IsGuardReset = ReadGuardReset(map, version),
            Hash = SHA256.HashData(utf8),
        };
        if (version == 1 && dataSets.FirstOrDefault(dataSet => dataSet.IsBudgetReset) is { } early)
        {
            map.ReportAt("datasets", $"'budget: reset' of '{early.Name}' is for contracts that succeed another");
        }
        map.End();
        return problems.Any ? null : contract;
    }

    /// <summary>Reads a name. Names are also parts of addresses and of file names.</summary>
    internal static string ReadName(YamlMap map, string member)
    {
        var name = map.Text(member);
        if (name.Length > MaxNameSize || name.AsSpan().ContainsAnyExcept(NameCharacters))
        {
            map.ReportAt(
                member, $"'{name}' is not a name: a name has at most {MaxNameSize} lower-case letters, digits, hyphens and underscores");
        }
        return name;
    }

    /// <summary>Reads the members.</summary>
    internal static List<RoomMember> ReadMembers(YamlMap map, bool isWhole = true)
    {
        var members = new List<RoomMember>();
        foreach (var entry in map.Maps("members"))
        {
            var member = new RoomMember(ReadName(entry, "name"), entry.Text("key"));
            if (member.PublicKey.Length > 0 && !IdentityKey.IsPublicKey(member.PublicKey))
            {
                entry.ReportAt("key", "this is no public key; copy the line that 'guardian key show FILE' prints");
            }
            if (members.Any(other => other.Name == member.Name || other.PublicKey == member.PublicKey))
            {
                entry.Report($"'{member.Name}' or its key occurs twice among the members");
            }
            if (isWhole)
            {
                entry.End();
            }
            members.Add(member);
        }
        if (members.Count is < 2 or > MaxMembers)
        {
            map.ReportAt("members", $"a room has 2 to {MaxMembers} members, not {members.Count}");
        }
        return members;
    }

    private static AttestationPolicy ReadPolicy(YamlMap map, string member)
    {
        if (map.Map(member) is not { } policy)
        {
            if (!map.Has(member))
            {
                map.ReportMissing(member);
            }
            return new AttestationPolicy { Identities = [], Platforms = [] };
        }
        var read = PolicyReader.Read(policy);
        if (member != "cas")
        {
            policy.End();
        }
        return read;
    }

    private static RoomCas ReadCas(YamlMap map)
    {
        var policy = ReadPolicy(map, "cas");
        if (map.Map("cas") is not { } cas)
        {
            return new RoomCas(policy, "", "");
        }
        var session = cas.Text("session");
        if (session.Length > 0 && (session.LastIndexOf('/') <= 0 || session.EndsWith('/')))
        {
            cas.ReportAt("session", $"'{session}' is not SESSION/SERVICE");
        }
        var hash = cas.Text("session_hash");
        if (hash.Length > 0 && (hash.Length != 64 || !hash.All(char.IsAsciiHexDigitLower)))
        {
            cas.ReportAt("session_hash", "a session's hash has 64 lower-case hex digits; 'guardian session create' prints it");
        }
        var (identity, owners) = (ReadPin(cas, "identity"), ReadPin(cas, "owners"));
        cas.End();
        return new RoomCas(policy, session, hash, identity, owners);
    }

    private static string? ReadPin(YamlMap cas, string member)
    {
        var pin = cas.OptionalText(member);
        if (pin is not null && (pin.Length != 64 || !pin.All(char.IsAsciiHexDigitLower)))
        {
            cas.ReportAt(member, $"'{member}' has 64 lower-case hex digits; 'guardian cas attest' prints it");
        }
        return pin;
    }

    private static List<DataSet> ReadDataSets(YamlMap map, List<RoomMember> members)
    {
        var dataSets = map.Maps("datasets").Select(entry => DataSetReader.Read(entry, members)).ToList();
        if (dataSets.Count is < 2 or > RoomContract.MaxDataSets)
        {
            map.ReportAt("datasets", $"a room matches 2 to {RoomContract.MaxDataSets} data sets, not {dataSets.Count}");
        }
        if (dataSets.GroupBy(dataSet => dataSet.Name).FirstOrDefault(group => group.Count() > 1) is { } twice)
        {
            map.ReportAt("datasets", $"several data sets are named '{twice.Key}'");
        }
        ReportInclusions(map, dataSets);
        return dataSets;
    }

    private static void ReportInclusions(YamlMap map, List<DataSet> dataSets)
    {
        foreach (var dataSet in dataSets.Where(dataSet => dataSet.Within is not null))
        {
            var outer = dataSets.FirstOrDefault(other => other.Name == dataSet.Within);
            if (outer is null || outer == dataSet || outer.Owner != dataSet.Owner || Inclusions.IsWithin(dataSets, outer, dataSet))
            {
                map.ReportAt(
                    "datasets",
                    $"'{dataSet.Name}' cannot lie within '{dataSet.Within}': name another data set of the same owner, which does not lie "
                    + "within this one");
            }
        }
    }

    // The sketches of earlier answers are of tags that no other contract has, so the guard always begins anew. The members must say it.
    private static bool ReadGuardReset(YamlMap map, int version)
    {
        var isReset = map.Word("guard", DataSetReader.Resets, false);
        if (version > 1 != isReset)
        {
            map.ReportAt("guard", version > 1
                ? "a later contract says 'guard: reset': the room forgets which sets of persons it answered about, so that members can "
                    + "compare new answers with old ones"
                : "'guard: reset' is for contracts that succeed another");
        }
        return isReset;
    }

    /// <summary>Reads the hash of the contract before.</summary>
    internal static ReadOnlyMemory<byte>? ReadPrevious(YamlMap map, int version)
    {
        var text = map.OptionalText("previous");
        if (version > 1 && text is null)
        {
            map.ReportMissing("previous");
        }
        if (text is null)
        {
            return null;
        }
        if (version == 1 || text.Length != 64 || !text.All(char.IsAsciiHexDigitLower))
        {
            map.ReportAt(
                "previous",
                "'previous' is the hash of the contract before, 64 lower-case hex digits, and belongs to every version but the first");
            return null;
        }
        return Convert.FromHexString(text);
    }

    private static RoomRoles ReadRoles(YamlMap map, List<RoomMember> members)
    {
        if (map.Map("roles") is not { } roles)
        {
            if (!map.Has("roles"))
            {
                map.ReportMissing("roles");
            }
            return new RoomRoles([], [], []);
        }
        var read = new RoomRoles(
            ReadRole(roles, "query", members), ReadRole(roles, "receive", members), ReadRole(roles, "pay", members))
        {
            BudgetShares = ReadShares(roles, members),
        };
        roles.End();
        return read;
    }

    private static Dictionary<string, decimal> ReadShares(YamlMap roles, List<RoomMember> members)
    {
        var shares = new Dictionary<string, decimal>();
        if (roles.Map("budget") is not { } map)
        {
            return shares;
        }
        foreach (var member in members)
        {
            if (map.OptionalDecimal(member.Name, 0, 1) is { } share)
            {
                shares[member.Name] = share;
            }
        }
        map.End();
        return shares;
    }

    private static List<string> ReadRole(YamlMap roles, string role, List<RoomMember> members)
    {
        var names = roles.Texts(role);
        foreach (var stranger in names.Where(name => members.All(member => member.Name != name.Value)))
        {
            stranger.Report($"'{stranger.Value}' is no member");
        }
        if (names.Count == 0)
        {
            roles.ReportAt(role, $"'{role}' must name at least one member");
        }
        return [.. names.Select(name => name.Value).Distinct()];
    }
}
