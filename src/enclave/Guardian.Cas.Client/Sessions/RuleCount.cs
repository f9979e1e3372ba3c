namespace Guardian.Cas.Client.Sessions;

/// <summary>
/// Counts people, not entries: decides whether keys satisfy a rule when each key may stand for one entry only.
/// </summary>
/// <remarks>
/// Step 1: find the keys that could be counted twice: proven keys in two entries of a rule that demands more than one entry. A new session
/// has at most one, because only CREATOR can be a second name of a key there.
/// Step 2: for each subset of them, find the fewest keys that satisfy the rule and use exactly this subset.
/// Step 3: the rule holds if some subset needs no more keys than there are. ANY stands for any key that no other entry needs.
/// </remarks>
internal sealed class RuleCount
{
    // Sessions of earlier releases can name more keys twice. Each doubles the work; a rule with more of them does not hold.
    private const int MaxShared = 6;
    private const int Impossible = int.MaxValue / 2;

    private readonly IReadOnlySet<string> keys;
    private readonly string creator;
    private readonly List<string> shared;

    private RuleCount(IReadOnlySet<string> keys, string creator, List<string> shared) =>
        (this.keys, this.creator, this.shared) = (keys, creator, shared);

    /// <summary>Checks whether keys satisfy a rule.</summary>
    /// <param name="rule">The rule.</param>
    /// <param name="keys">The hashes of the proven keys.</param>
    /// <param name="creator">The hash of the creator's key.</param>
    public static bool IsSatisfied(AccessRule rule, IReadOnlySet<string> keys, string creator)
    {
        if (rule.KeyOf(creator) is { } only)
        {
            return keys.Contains(only);
        }
        List<string> shared = [.. FindShared(rule, creator).Where(keys.Contains)];
        return shared.Count <= MaxShared && new RuleCount(keys, creator, shared).Count(rule).Any(fewest => fewest <= keys.Count);
    }

    /// <summary>Finds the keys that are in two entries of a part that demands more than one entry.</summary>
    /// <param name="rule">The rule.</param>
    /// <param name="creator">The hash of the creator's key.</param>
    public static IReadOnlySet<string> FindShared(AccessRule rule, string creator)
    {
        var shared = new HashSet<string>();
        Collect(rule, creator, shared);
        return shared;
    }

    private static HashSet<string> Collect(AccessRule rule, string creator, HashSet<string> shared)
    {
        if (rule.KeyOf(creator) is { } only)
        {
            return [only];
        }
        var all = new HashSet<string>();
        foreach (var below in rule.Alternatives.Select(each => Collect(each, creator, shared)))
        {
            if (rule.Count > 1)
            {
                shared.UnionWith(all.Intersect(below));
            }
            all.UnionWith(below);
        }
        return all;
    }

    // At the index of each subset of the shared keys: the fewest keys that satisfy the rule and use this subset.
    private int[] Count(AccessRule rule)
    {
        var fewest = CreateTable();
        if (rule.KeyOf(creator) is { } only)
        {
            if (keys.Contains(only))
            {
                fewest[shared.IndexOf(only) is >= 0 and var index ? 1 << index : 0] = 1;
            }
            return fewest;
        }
        if (rule.Count == 0)
        {
            fewest[0] = 1;
            return fewest;
        }
        if (rule.Count > rule.Alternatives.Count)
        {
            return fewest;
        }
        // chosen[n] is about n of the entries so far.
        var chosen = Enumerable.Range(0, rule.Count + 1).Select(_ => CreateTable()).ToArray();
        chosen[0][0] = 0;
        foreach (var entry in rule.Alternatives.Select(Count))
        {
            for (var n = rule.Count - 1; n >= 0; n--)
            {
                Add(chosen[n], entry, chosen[n + 1]);
            }
        }
        return chosen[rule.Count];
    }

    // No shared key is in both.
    private static void Add(int[] before, int[] entry, int[] after)
    {
        for (var used = 0; used < before.Length; used++)
        {
            for (var more = 0; before[used] < Impossible && more < entry.Length; more++)
            {
                if ((used & more) == 0 && entry[more] < Impossible)
                {
                    after[used | more] = Math.Min(after[used | more], before[used] + entry[more]);
                }
            }
        }
    }

    private int[] CreateTable()
    {
        var table = new int[1 << shared.Count];
        Array.Fill(table, Impossible);
        return table;
    }
}
