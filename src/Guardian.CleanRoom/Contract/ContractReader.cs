using System.Buffers;
using System.Security.Cryptography;
using Guardian.Attestation;
using Guardian.Documents;

namespace Guardian.CleanRoom;

/// <summary>Reads <c>room.yaml</c> (docs/spec/room.md) and reports everything wrong at once.</summary>
public static class ContractReader
{
    private const int MaxNameSize = 64;

    // More than two data sets come with a later release; members may be more, to receive answers.
    private const int DataSetCount = 2;
    private const int MaxMembers = 16;

    private static readonly SearchValues<char> NameCharacters = SearchValues.Create("abcdefghijklmnopqrstuvwxyz0123456789-_");

    /// <summary>Reads a contract. Never throws for any content.</summary>
    /// <param name="utf8">The contract's exact bytes; their SHA-256 is its hash.</param>
    /// <param name="problems">Receives what is wrong, with line and column.</param>
    /// <returns>The contract, or null when anything is wrong.</returns>
    public static RoomContract? Read(ReadOnlySpan<byte> utf8, DocumentProblems problems)
    {
        ArgumentNullException.ThrowIfNull(problems);
        if (YamlDocument.Read(utf8, problems) is not { } map)
        {
            return null;
        }
        var members = ReadMembers(map);
        var dataSets = ReadDataSets(map, members);
        var privacy = ReadPrivacy(map);
        var contract = new RoomContract
        {
            Name = ReadName(map, "room"),
            Members = members,
            Enclave = ReadPolicy(map, "enclave"),
            Cas = ReadCas(map),
            DataSets = dataSets,
            Analyses = new AnalysesReader(map, dataSets).Read(hasNoise: privacy.Epsilon is not null),
            Privacy = privacy,
            Recipients = ReadRecipients(map, members),
            Hash = SHA256.HashData(utf8),
        };
        map.Integer("version", 1, 1);
        map.End();
        return problems.Any ? null : contract;
    }

    /// <summary>A name by which something is known in a contract: also part of addresses and of file names.</summary>
    internal static string ReadName(YamlMap map, string member)
    {
        var name = map.Text(member);
        if (name.Length > MaxNameSize || name.AsSpan().ContainsAnyExcept(NameCharacters))
        {
            map.ReportAt(member, $"'{name}' is no name: at most {MaxNameSize} lower-case letters, digits, hyphens and underscores");
        }
        return name;
    }

    private static List<RoomMember> ReadMembers(YamlMap map)
    {
        var members = new List<RoomMember>();
        foreach (var entry in map.Maps("members"))
        {
            var member = new RoomMember(ReadName(entry, "name"), entry.Text("key"));
            if (member.PublicKey.Length > 0 && !IdentityKey.IsPublicKey(member.PublicKey))
            {
                entry.ReportAt("key", "this is no public key; copy what 'guardian key show FILE' prints");
            }
            if (members.Any(other => other.Name == member.Name || other.PublicKey == member.PublicKey))
            {
                entry.Report($"'{member.Name}' or its key stands twice among the members");
            }
            entry.End();
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
        var read = AttestationPolicy.Read(policy);
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
            cas.ReportAt("session_hash", "a session's hash has 64 lower-case hex digits, as 'guardian session create' prints it");
        }
        cas.End();
        return new RoomCas(policy, session, hash);
    }

    private static List<DataSet> ReadDataSets(YamlMap map, List<RoomMember> members)
    {
        var dataSets = map.Maps("datasets").Select(entry => DataSetReader.Read(entry, members)).ToList();
        if (dataSets.Count != DataSetCount)
        {
            map.ReportAt("datasets", $"this release matches exactly {DataSetCount} data sets, not {dataSets.Count}");
        }
        else if (dataSets[0].Name == dataSets[1].Name)
        {
            map.ReportAt("datasets", $"both data sets are named '{dataSets[0].Name}'");
        }
        else if (dataSets[0].Identifier != dataSets[1].Identifier)
        {
            map.ReportAt("datasets", "the data sets identify persons by different kinds, so nobody could ever match");
        }
        return dataSets;
    }

    private static PrivacyRules ReadPrivacy(YamlMap map)
    {
        if (map.Map("privacy") is not { } privacy)
        {
            return new PrivacyRules(DisclosureRules.DefaultMinimumAudience, DisclosureRules.DefaultEpsilon);
        }
        var minimum = privacy.OptionalInteger("minimum_audience", DisclosureRules.LeastMinimumAudience, 1_000_000) ?? DisclosureRules.DefaultMinimumAudience;
        double? epsilon = DisclosureRules.DefaultEpsilon;
        if (privacy.Find("noise") is YamlMap noise)
        {
            epsilon = (double)(noise.OptionalDecimal("epsilon", 0.001m, 10) ?? 0.5m);
            if (!noise.Has("epsilon"))
            {
                noise.ReportMissing("epsilon");
            }
            noise.End();
        }
        else if (privacy.OptionalText("noise") is { } word)
        {
            if (word != "none")
            {
                privacy.ReportAt("noise", $"'noise' is none or {{epsilon: NUMBER}}, not '{word}'");
            }
            epsilon = null;
        }
        privacy.End();
        return new PrivacyRules((int)minimum, epsilon);
    }

    private static List<string> ReadRecipients(YamlMap map, List<RoomMember> members)
    {
        var recipients = map.Texts("recipients");
        foreach (var recipient in recipients.Where(name => members.All(member => member.Name != name.Value)))
        {
            recipient.Report($"'{recipient.Value}' is no member");
        }
        if (recipients.Count == 0)
        {
            map.ReportAt("recipients", "'recipients' must name at least one member who may ask and receive answers");
        }
        return [.. recipients.Select(recipient => recipient.Value)];
    }
}
