namespace Guardian.Cas.Client.Sessions;

/// <summary>
/// The access rules of a session. Rules are about keys: a TLS client certificate or a signature proves a key, and nothing else of a
/// certificate counts.
/// </summary>
/// <param name="Read">The rule for reading the session.</param>
/// <param name="Update">The rule for replacing it.</param>
/// <param name="Create">The rule for creating sessions below this one's name.</param>
/// <param name="List">The rule for listing them.</param>
internal sealed record AccessPolicy(AccessRule Read, AccessRule Update, AccessRule Create, AccessRule List)
{
    /// <summary>The policy of a session that has none: everything for its creator only.</summary>
    public static AccessPolicy CreatorOnly { get; } = new(AccessRule.Creator, AccessRule.Creator, AccessRule.Creator, AccessRule.Creator);

    /// <summary>
    /// The rule for deleting the session. By default, those who replace it delete it, and its creator where nobody replaces it.
    /// </summary>
    public AccessRule Delete { get; init; } = Update == AccessRule.Nobody ? AccessRule.Creator : Update;

    /// <summary>Whether nobody can ever replace the session.</summary>
    public bool IsImmutable => Update == AccessRule.Nobody;
}

/// <summary>A rule over keys: one key, anyone, nobody, or at least so many of several rules. Immutable.</summary>
internal sealed class AccessRule
{
    private readonly string? key;

    private AccessRule(string key) => this.key = key;

    private AccessRule(int count, IReadOnlyList<AccessRule> alternatives) => (Count, Alternatives) = (count, alternatives);

    /// <summary>The key that created the session.</summary>
    public static AccessRule Creator { get; } = new("CREATOR");

    /// <summary>Every key.</summary>
    public static AccessRule Anyone { get; } = new(0, []);

    /// <summary>No key.</summary>
    public static AccessRule Nobody { get; } = new(1, []);

    /// <summary>How many of <see cref="Alternatives"/> must hold, each by keys of its own; 0 is <see cref="Anyone"/>.</summary>
    public int Count { get; }

    /// <summary>The rules of which <see cref="Count"/> must hold; empty for a single key, anyone and nobody.</summary>
    public IReadOnlyList<AccessRule> Alternatives { get; } = [];

    /// <summary>Makes a rule for one key.</summary>
    /// <param name="hash">SHA-256 of its SubjectPublicKeyInfo, lower-case hex.</param>
    public static AccessRule ForKey(string hash) => new(hash);

    /// <summary>Makes a rule that holds when at least so many of the rules hold.</summary>
    public static AccessRule AtLeast(int count, IReadOnlyList<AccessRule> rules) => new(count, rules);

    /// <summary>The hash of the only key that satisfies the rule; null for every other kind of rule.</summary>
    /// <param name="creator">The hash of the creator's key.</param>
    public string? KeyOf(string creator) => key == "CREATOR" ? creator : key;

    /// <summary>
    /// Checks whether keys satisfy the rule. Each key counts once: a rule that demands several entries demands as many different keys,
    /// however deep they are nested.
    /// </summary>
    /// <param name="keys">The hashes of the proven keys.</param>
    /// <param name="creator">The hash of the creator's key.</param>
    public bool IsSatisfiedBy(IReadOnlySet<string> keys, string creator) => RuleCount.IsSatisfied(this, keys, creator);

    /// <summary>Writes the rule for people.</summary>
    public override string ToString()
    {
        if (key is not null)
        {
            return key;
        }
        var quantity = Count == 1 ? "one" : Count == Alternatives.Count ? "all" : $"at least {Count}";
        return Count == 0 ? "ANY"
            : Alternatives.Count == 0 ? "NONE"
            : Alternatives.Count == 1 ? Alternatives[0].ToString()
            : $"{quantity} of ({string.Join(", ", Alternatives)})";
    }
}
