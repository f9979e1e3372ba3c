using System.Numerics;

namespace Guardian.CleanRoom.Privacy;

/// <summary>
/// Finds sets that become too small when sets of many answers are added and subtracted. Sketches are vectors over two numbers, so each
/// question is whether a new vector is nearly a combination of the earlier ones; it is answered as one decodes a linear code, by
/// information sets (Prange 1962). Not thread-safe.
/// </summary>
/// <remarks>
/// If a sum of sets with whole factors leaves few persons, the sets with odd factors are a combination whose sketch has only these persons,
/// or none of them where they count an even number of times. So both are found, and only what follows by logic alone is allowed
/// (<see cref="LogicalRelation"/>). With n information sets of different pivots, every combination that leaves fewer than n persons is
/// found; of larger remainders most (docs/spec/room.md).
/// </remarks>
internal sealed class SetAuditor
{
    /// <summary>The least number of information sets, and so the number of persons below which no remainder is overlooked.</summary>
    public const int LeastInformationSets = 8;

    // The sets that a contract reserves may be added beyond the limit.
    private const int Spare = 64;

    private readonly int wanted;
    private readonly Predicate<ulong[]> isNear;
    private readonly List<SetTerms?> terms = [];
    private readonly List<InformationSet> informationSets = [];
    private readonly int[] timesUsed;

    // A set that is allowed is added next. Null after each change of the information sets.
    private (ulong[] Sketch, (ulong[] Residue, ulong[] Combination)[] Reduced)? last;

    /// <param name="words">Words of a sketch.</param>
    /// <param name="wanted">The number of information sets to use while memory allows.</param>
    /// <param name="isNear">Tests whether a difference has too few persons.</param>
    public SetAuditor(int words, int wanted, Predicate<ulong[]> isNear)
    {
        (Words, this.wanted, this.isNear) = (words, wanted, isNear);
        timesUsed = new int[64 * words];
        for (var i = 0; i < CountFor(0); i++)
        {
            informationSets.Add(new InformationSet(MostSets + Spare));
        }
    }

    /// <summary>Words of a sketch.</summary>
    public int Words { get; }

    /// <summary>The most sets.</summary>
    public int MostSets => 64 * Words / LeastInformationSets;

    /// <summary>Sets so far; those that follow from others do not count.</summary>
    public int Count => terms.Count;

    /// <summary>Information sets at present. A combination that leaves fewer persons is certainly found.</summary>
    public int InformationSetCount => informationSets.Count;

    /// <summary>Tests that a set does not leave too few persons together with some of the sets, or that it follows from them.</summary>
    /// <param name="set">The set.</param>
    /// <param name="complete">Names of the columns that have no empty cell.</param>
    public bool Allows(PersonSet set, IReadOnlySet<string> complete)
    {
        var (isAllowed, exact) = (true, (ulong[]?)null);
        foreach (var (residue, combination) in Reduce(set))
        {
            // A set that is a combination of nothing is small itself; other rules judge that.
            if (combination.AsSpan().ContainsAnyExcept(0UL) && isNear(residue))
            {
                isAllowed &= !residue.AsSpan().ContainsAnyExcept(0UL);
                exact = combination;
            }
        }
        return isAllowed && (exact is null || Follows(set, exact, complete));
    }

    /// <summary>Adds a set, unless it is a combination of the others. Beyond <see cref="MostSets"/>, only a few more fit.</summary>
    public void Add(PersonSet set)
    {
        var reduced = Reduce(set);
        if (!Array.TrueForAll(reduced, each => each.Residue.AsSpan().ContainsAnyExcept(0UL)))
        {
            return;
        }
        last = null;
        foreach (var (informationSet, (residue, combination)) in informationSets.Zip(reduced))
        {
            var pivot = ChoosePivot(residue);
            timesUsed[pivot]++;
            informationSet.Add(residue, combination, pivot);
        }
        terms.Add(set.Terms);
        // Memory is the number of information sets times that of sets, and stays bounded.
        for (var count = CountFor(terms.Count); informationSets.Count > count;)
        {
            Forget(informationSets[^1], 0);
            informationSets.RemoveAt(informationSets.Count - 1);
        }
    }

    /// <summary>Removes the sets that were added last.</summary>
    /// <param name="count">The number of sets that stay.</param>
    public void Truncate(int count)
    {
        last = null;
        foreach (var informationSet in informationSets)
        {
            Forget(informationSet, count);
            informationSet.Truncate(count);
        }
        terms.RemoveRange(count, terms.Count - count);
    }

    // The rows of all information sets are read for each set: tens of megabytes.
    private (ulong[] Residue, ulong[] Combination)[] Reduce(PersonSet set)
    {
        if (last is { } known && ReferenceEquals(known.Sketch, set.Sketch.Words))
        {
            return known.Reduced;
        }
        var reduced = new (ulong[] Residue, ulong[] Combination)[informationSets.Count];
        Parallel.For(0, reduced.Length, i => reduced[i] = informationSets[i].Reduce(set.Sketch.Words));
        last = (set.Sketch.Words, reduced);
        return reduced;
    }

    private int CountFor(int sets)
    {
        var capacity = (int)BitOperations.RoundUpToPowerOf2((uint)Math.Max(sets, 1));
        return Math.Clamp(64 * Words / capacity, LeastInformationSets, Math.Max(wanted, LeastInformationSets));
    }

    private bool Follows(PersonSet set, ulong[] combination, IReadOnlySet<string> complete)
    {
        List<SetTerms?> all =
        [
            set.Terms,
            .. Enumerable.Range(0, terms.Count).Where(index => ((combination[index / 64] >> (index % 64)) & 1) == 1)
                .Select(index => terms[index]),
        ];
        return !all.Contains(null) && LogicalRelation.Holds([.. all.OfType<SetTerms>()], complete);
    }

    // A bit that no other information set uses, if there is one: a person can then spoil only one of them.
    private int ChoosePivot(ulong[] residue)
    {
        var best = -1;
        for (var word = 0; word < residue.Length; word++)
        {
            for (var bits = residue[word]; bits != 0; bits &= bits - 1)
            {
                var bit = (64 * word) + BitOperations.TrailingZeroCount(bits);
                if (timesUsed[bit] == 0)
                {
                    return bit;
                }
                best = best < 0 || timesUsed[bit] < timesUsed[best] ? bit : best;
            }
        }
        return best;
    }

    private void Forget(InformationSet informationSet, int from)
    {
        foreach (var pivot in informationSet.Pivots.Skip(from))
        {
            timesUsed[pivot]--;
        }
    }
}
