namespace Guardian.Cas.Sessions;

/// <summary>Who may do what with a session. Rules are about keys: what is proven by a TLS client certificate or a signature, whatever certificate carries it.</summary>
/// <param name="Create">Who may create sessions below this one's name.</param>
/// <param name="List">Who may list them.</param>
public sealed record AccessPolicy(AccessRule Read, AccessRule Update, AccessRule Create, AccessRule List);

/// <summary>A rule over keys: a key, anyone, nobody, or so many of several rules.</summary>
public sealed class AccessRule
{
    private readonly string? key;
    private readonly int count;
    private readonly IReadOnlyList<AccessRule> of = [];

    private AccessRule(string? key) => this.key = key;

    private AccessRule(int count, IReadOnlyList<AccessRule> of) => (this.count, this.of) = (count, of);

    /// <summary>Whoever created the session.</summary>
    public static AccessRule Creator { get; } = new("CREATOR");

    /// <summary>Everyone.</summary>
    public static AccessRule Anyone { get; } = new(0, []);

    /// <summary>No one.</summary>
    public static AccessRule Nobody { get; } = new(1, []);

    /// <summary>The key with that SHA-256 of its SubjectPublicKeyInfo, lower-case hex.</summary>
    public static AccessRule Key(string hash) => new(hash);

    /// <summary>At least so many of the rules.</summary>
    public static AccessRule AtLeast(int count, IReadOnlyList<AccessRule> of) => new(count, of);

    /// <summary>Whether keys satisfy the rule.</summary>
    /// <param name="keys">Hashes of the keys that were proven.</param>
    /// <param name="creator">Hash of the creator's key.</param>
    public bool IsSatisfiedBy(IReadOnlySet<string> keys, string creator)
    {
        ArgumentNullException.ThrowIfNull(keys);
        return key is not null ? keys.Contains(key == "CREATOR" ? creator : key) : of.Count(rule => rule.IsSatisfiedBy(keys, creator)) >= count;
    }

    /// <returns>The rule as a person reads it.</returns>
    public override string ToString() =>
        key ?? (count == 0 ? "ANY" : of.Count == 0 ? "NONE" : of.Count == 1 ? of[0].ToString()
            : $"{(count == 1 ? "one" : count == of.Count ? "all" : $"at least {count}")} of ({string.Join(", ", of)})");
}
