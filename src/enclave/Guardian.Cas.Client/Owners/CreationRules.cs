using System.Security.Cryptography;
using System.Text;
using Guardian.Cas.Client.Protocol;
using Guardian.Cas.Client.Sessions;
using Guardian.Documents;
using Guardian.Refusals;

namespace Guardian.Cas.Client.Owners;

/// <summary>
/// The owners' rules for creators of sessions (docs/spec/session.md): who creates sessions at the top level, and how much one key keeps.
/// Immutable.
/// </summary>
public sealed record CreationRules
{
    private const long Mebibyte = 1024 * 1024;
    private const int MaxNodes = 2_000;

    internal CreationRules()
    {
    }

    /// <summary>The CAS and the owners for whom the rules are.</summary>
    public required CasPins Cas { get; init; }

    /// <summary>The hash of the rules that these ones replace; null for the first ones.</summary>
    public required string? Predecessor { get; init; }

    /// <summary>How much one key keeps.</summary>
    public required CreatorQuota Quota { get; init; }

    /// <summary>The rule in words.</summary>
    public string Create => Rule.ToString();

    /// <summary>SHA-256 of the text's bytes, 64 lower-case hex digits. Owners sign it.</summary>
    public required string Hash { get; init; }

    /// <summary>The rules as they were written.</summary>
    public required string Text { get; init; }

    internal AccessRule Rule { get; init; } = AccessRule.Nobody;

    /// <summary>Reads rules.</summary>
    /// <param name="utf8">YAML; at most 1 MiB.</param>
    /// <returns>
    /// The rules, or a refusal (<see cref="CasReasons.Invalid"/>) that lists every mistake as <c>line:column: message</c>. Never throws
    /// for any content.
    /// </returns>
    public static Outcome<CreationRules> Read(ReadOnlySpan<byte> utf8)
    {
        var problems = new DocumentProblems();
        if (YamlDocument.Read(utf8, problems, MaxNodes) is { } map)
        {
            var rules = Read(map, Convert.ToHexStringLower(SHA256.HashData(utf8)), Encoding.UTF8.GetString(utf8));
            if (!problems.Any)
            {
                return rules;
            }
        }
        return CasReasons.Invalid.Because("the rules for creators have mistakes") with
        {
            Problems = [.. problems.Items.Select(problem => problem.ToString())],
        };
    }

    /// <summary>Whether keys may create a session at the top level.</summary>
    /// <param name="keys">The hashes of the proven keys.</param>
    internal bool Admits(IReadOnlySet<string> keys) => Rule.IsSatisfiedBy(keys, creator: "");

    private static CreationRules Read(YamlMap map, string hash, string text)
    {
        var pins = ReadPins(map);
        if (AccessReader.ReadRule(map, "create") is not { } rule)
        {
            map.ReportMissing("create");
            rule = AccessRule.Nobody;
        }
        if (rule.ToString().Contains("CREATOR", StringComparison.Ordinal))
        {
            map.ReportAt("create", "nobody created the top level, so CREATOR means nothing here; name keys, or ANY or NONE");
        }
        var read = new CreationRules
        {
            Cas = pins,
            Predecessor = SessionFields.ReadHash(map, "predecessor", "the present rules' hash"),
            Rule = rule,
            Quota = ReadQuota(map.Map("quota")),
            Hash = hash,
            Text = text,
        };
        map.End();
        return read;
    }

    private static CasPins ReadPins(YamlMap map)
    {
        if (map.Map("cas") is not { } cas)
        {
            map.ReportMissing("cas");
            return CasPins.None;
        }
        var pins = new CasPins(
            SessionFields.ReadHash(cas, "identity", "the identity that 'guardian cas attest' prints"),
            SessionFields.ReadHash(cas, "owners", "the hash of owners that 'guardian cas attest' prints"));
        if (pins.Identity is null || pins.Owners is null)
        {
            cas.Report("give the 'identity' and the 'owners' of the CAS, so that the rules are for no other");
        }
        cas.End();
        return pins;
    }

    private static CreatorQuota ReadQuota(YamlMap? map)
    {
        var normal = CreatorQuota.Default;
        var quota = new CreatorQuota(
            (int)(map?.OptionalInteger("sessions", 0, 1_000_000) ?? normal.Sessions),
            (int)(map?.OptionalInteger("names", 0, 1_000_000) ?? normal.Names),
            map?.OptionalInteger("mebibytes", 0, 1_000_000) * Mebibyte ?? normal.Bytes,
            (int)(map?.OptionalInteger("keys", 0, 10_000_000) ?? normal.Keys));
        map?.End();
        return quota;
    }
}

/// <summary>How much one key keeps in a CAS: the sessions that it created, wherever their names are.</summary>
/// <param name="Sessions">Sessions at a time.</param>
/// <param name="Names">Names of sessions, also of deleted ones: no name is used twice.</param>
/// <param name="Bytes">Bytes of all texts, former texts and secrets together.</param>
/// <param name="Keys">Private keys, and keys of volumes and streams.</param>
public sealed record CreatorQuota(int Sessions, int Names, long Bytes, int Keys)
{
    /// <summary>The quota where the owners set none.</summary>
    public static CreatorQuota Default { get; } = new(1_000, 10_000, 64 * 1024 * 1024, 4_000);
}
