using Guardian.Documents;

namespace Guardian.Cas.Client.Sessions;

/// <summary>Reads which people may set a secret's value, and which may read it.</summary>
internal static class SecretRoles
{
    // Stands for the creator's key, which a text does not name.
    private const string Creator = "CREATOR";

    // Stands for a key that the text does not name.
    private const string Stranger = "STRANGER";

    /// <summary>Reads a secret whose value is sealed to a CAS.</summary>
    public static SessionSecret ReadSealed(YamlMap map, SessionSecret secret)
    {
        if (!SecretValues.CanBeGiven(secret.Kind))
        {
            map.ReportAt("sealed", "only a binary, ascii, text or private-key secret can have a sealed value");
        }
        if (SealedValue.TryRead(map.Text("sealed")) is not { } value)
        {
            map.ReportAt("sealed", "a sealed value is base64 that 'guardian session encrypt' wrote");
            return secret;
        }
        return secret with { Sealed = value };
    }

    /// <summary>Reads a secret whose value people set later.</summary>
    public static SessionSecret ReadSettable(YamlMap map, SessionSecret secret)
    {
        if (!SecretValues.CanBeGiven(secret.Kind))
        {
            map.ReportAt("set", "people can set only a binary, ascii, text or private-key secret");
        }
        if (secret.Exports.Count > 0)
        {
            // Somebody who may update the other session could direct the value to other code.
            map.ReportAt("set", "a secret that people set is not exported; let them set it in the other session too");
        }
        secret = SecretReader.ReadPin(map, SecretReader.ReadRotation(map, secret));
        if (secret.RotateEvery is not null)
        {
            map.ReportAt("rotation", "the CAS cannot draw a value that people set; give 'grace' alone");
        }
        return secret with { Setters = ReadRule(map, "set", mayBeNobody: false) ?? AccessRule.Nobody };
    }

    /// <summary>Reads who may read the value.</summary>
    public static SessionSecret ReadReaders(YamlMap map, SessionSecret secret)
    {
        if (!SecretValues.CanBeGiven(secret.Kind))
        {
            return secret;
        }
        return ReadRule(map, "read", mayBeNobody: true) is { } readers ? secret with { Readers = readers } : secret;
    }

    /// <summary>Reads a rule that one person at a time satisfies; null when it is absent.</summary>
    /// <param name="map">The map that has the rule.</param>
    /// <param name="member">The rule's name.</param>
    /// <param name="mayBeNobody">Whether the rule may admit nobody.</param>
    public static AccessRule? ReadRule(YamlMap map, string member, bool mayBeNobody)
    {
        if (AccessReader.ReadRule(map, member) is not { } rule)
        {
            return null;
        }
        if (rule.IsSatisfiedBy(new HashSet<string> { Stranger }, Creator))
        {
            map.ReportAt(member, $"'{member}' names people; ANY would admit strangers");
        }
        else if (!KeysOf(rule).Any(key => rule.IsSatisfiedBy(new HashSet<string> { key }, Creator))
            && (!mayBeNobody || rule != AccessRule.Nobody))
        {
            map.ReportAt(member, $"'{member}' is for one person at a time, and no key alone satisfies it");
        }
        return rule;
    }

    private static IEnumerable<string> KeysOf(AccessRule rule) =>
        rule.KeyOf(Creator) is { } key ? [key] : rule.Alternatives.SelectMany(KeysOf);
}
