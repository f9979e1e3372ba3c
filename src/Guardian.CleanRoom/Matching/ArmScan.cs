namespace Guardian.CleanRoom;

/// <summary>Sums over the persons of one arm for one outcome, of the outcome's codes less one (its distance from the column's minimum).</summary>
internal struct OutcomeSums
{
    /// <summary>Persons whose outcome is not empty.</summary>
    public long Count { get; set; }

    /// <summary>Sum of the distances.</summary>
    public long Sum { get; set; }

    /// <summary>Sum of the low 32 bits of their squares.</summary>
    public long SquareLow { get; set; }

    /// <summary>Sum of the high 32 bits of their squares.</summary>
    public long SquareHigh { get; set; }

    /// <summary>Sum of the squares.</summary>
    public readonly Int128 SumOfSquares => ((Int128)SquareHigh << 32) + SquareLow;
}

/// <summary>
/// Sums outcomes by arm: the first side has the arms, the second the outcomes. Every sum is touched for every element. No sum overflows
/// for up to 2^31 persons and codes of 32 bits.
/// </summary>
internal sealed class ArmScan(int arms, IReadOnlyList<PackedValue> outcomes, LiftPopulation population) : IScan
{
    private const int Lanes = RoomLayout.BucketsPerGroup;

    /// <summary>Persons by arm: matched, or everyone assigned.</summary>
    public long[] Persons { get; } = new long[arms];

    /// <summary>Matched persons in all arms.</summary>
    public long Matched { get; private set; }

    /// <summary>Sums by arm and outcome: arm * outcomes + outcome.</summary>
    public OutcomeSums[] Sums { get; } = new OutcomeSums[arms * outcomes.Count];

    /// <inheritdoc/>
    public void Add(ReadOnlySpan<ulong> high, ReadOnlySpan<ulong> low, ReadOnlySpan<ulong> values)
    {
        unchecked
        {
            for (var i = 0; i < high.Length; i++)
            {
                // Every element plays both parts: as assigned person, and as outcome of the person before it.
                var before = Math.Max(i - Lanes, 0);
                var isPair = MatchMask.Of(high[before], low[before], high[i], low[i]);
                var isAssigned = 0UL - (((low[i] & Elements.PassBit) >> 14) & (~low[i] >> 15) & 1);
                var counts = population == LiftPopulation.Matched ? isPair : isAssigned;
                var counted = (population == LiftPopulation.Matched ? low[before] : low[i]) & Elements.CodeMask;
                Matched += (long)(isPair & 1);
                for (var arm = 0; arm < Persons.Length; arm++)
                {
                    Persons[arm] += (long)(counts & EqualMask(counted, (ulong)arm) & 1);
                    AddOutcomes(arm, isPair & EqualMask(low[before] & Elements.CodeMask, (ulong)arm), values, i, high.Length);
                }
            }
        }
    }

    private void AddOutcomes(int arm, ulong where, ReadOnlySpan<ulong> values, int element, int plane)
    {
        unchecked
        {
            for (var k = 0; k < outcomes.Count; k++)
            {
                var outcome = outcomes[k];
                var code = (values[(outcome.Plane * plane) + element] >> outcome.Shift) & outcome.Mask;
                var isThere = where & ~EqualMask(code, 0);
                var distance = (code - 1) & isThere;
                var square = distance * distance;
                ref var sums = ref Sums[(arm * outcomes.Count) + k];
                sums.Count += (long)(isThere & 1);
                sums.Sum += (long)distance;
                sums.SquareLow += (long)(square & uint.MaxValue);
                sums.SquareHigh += (long)(square >> 32);
            }
        }
    }

    private static ulong EqualMask(ulong one, ulong other)
    {
        unchecked
        {
            var difference = one ^ other;
            return (ulong)~((long)(difference | (0UL - difference)) >> 63);
        }
    }
}
