using Guardian.CleanRoom.Matching;
using Guardian.CleanRoom.Privacy;

namespace Guardian.CleanRoom.Tests.Privacy;

public class DifferenceGuardTests
{
    private const int K = 100;

    private static readonly byte[] Key = [.. Enumerable.Repeat((byte)9, 32)];

    [Theory]
    [InlineData(0, false)]
    [InlineData(1, false)]
    [InlineData(K - 1, false)]
    [InlineData(K + (K / 2), true)]
    public void A_set_in_other_words_must_differ_by_enough_persons(int difference, bool isAllowed)
    {
        Assert.Equal(isAllowed, Guard().Allows(Set(1, difference, "others")));
    }

    [Fact]
    public void The_same_words_on_the_same_versions_are_answered_for_every_analysis() => Assert.True(Guard().Allows(Set(1, 0, "these")));

    [Fact]
    public void Exchanging_one_person_less_than_k_and_a_target_does_not_tell_by_a_refusal_whether_she_counts()
    {
        // A sharp threshold would always refuse k - 1 and never k. Here, the allowed share of 300 attempts at each difference rises by a
        // few hundredths per step.
        var allowed = Enumerable.Range(K - 1, (K / 2) + 2).Select(difference =>
            Enumerable.Range(0, 300).Count(attempt => Guard().Allows(Set(attempt, difference, "others"))) / 300.0).ToList();
        Assert.Equal((0.0, 1.0), (allowed[0], allowed[^1]));
        Assert.All(allowed.Zip(allowed.Skip(1)), step => Assert.InRange(step.Second - step.First, -0.15, 0.15));
        // The same attempt gets the same refusal.
        Assert.Equal(Guard().Allows(Set(7, K + 20, "others")), Guard().Allows(Set(7, K + 20, "others")));
    }

    private static DifferenceGuard Guard()
    {
        var guard = new DifferenceGuard(K, Key);
        guard.Remember([Set(1, 0, "these")]);
        return guard;
    }

    // A set that differs from the empty set in that many bits.
    private static PersonSet Set(int seed, int persons, string description)
    {
        var random = new Random(seed);
        var words = new ulong[64];
        foreach (var bit in Enumerable.Range(0, 4_096).OrderBy(_ => random.Next()).Take(persons))
        {
            words[bit / 64] |= 1UL << (bit % 64);
        }
        return new PersonSet(new SetSketch(words), description);
    }
}
