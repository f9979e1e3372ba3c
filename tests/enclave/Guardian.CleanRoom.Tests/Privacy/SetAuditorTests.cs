using System.Numerics;
using Guardian.CleanRoom.Matching;
using Guardian.CleanRoom.Privacy;

namespace Guardian.CleanRoom.Tests.Privacy;

public class SetAuditorTests
{
    private const int Words = 256;
    private const int Threshold = 150;

    private static readonly HashSet<string> None = [];

    [Theory]
    [InlineData(60, 2)]
    [InlineData(60, 3)]
    [InlineData(60, 7)]
    [InlineData(60, 59)]
    [InlineData(300, 3)]
    [InlineData(300, 150)]
    public void Every_combination_that_leaves_few_persons_is_found(int answers, int length)
    {
        var random = new Random(answers + length);
        var (auditor, sketches) = Fill(random, answers);
        for (var remainder = 0; remainder < auditor.InformationSetCount; remainder += 3)
        {
            Assert.False(Allows(auditor, Combine(random, sketches, length, remainder)));
        }
        Assert.True(auditor.InformationSetCount >= 32);
    }

    [Fact]
    public void Larger_remainders_below_the_threshold_are_found_nearly_always_while_there_are_a_hundred_sets()
    {
        var random = new Random(5);
        var (auditor, sketches) = Fill(random, 100);
        Assert.All(Enumerable.Range(0, 20), _ => Assert.False(Allows(auditor, Combine(random, sketches, 4, Threshold - 1))));
        Assert.All(Enumerable.Range(0, 20), _ => Assert.True(Allows(auditor, Combine(random, sketches, 4, 3 * Threshold))));
    }

    [Fact]
    public void Sets_of_unrelated_persons_pass_whatever_their_number_and_size()
    {
        var random = new Random(6);
        var (auditor, _) = Fill(random, 500);
        Assert.All(Enumerable.Range(0, 20), _ => Assert.True(Allows(auditor, Draw(random, 20_000))));
        Assert.All(Enumerable.Range(0, 20), _ => Assert.True(Allows(auditor, Draw(random, 200))));
    }

    [Fact]
    public void At_the_limit_a_single_person_is_still_found_and_a_combination_adds_nothing()
    {
        var random = new Random(7);
        var auditor = Create();
        var sketches = new List<ulong[]>();
        while (auditor.Count < auditor.MostSets)
        {
            sketches.Add(Draw(random, 5_000));
            auditor.Add(Set(sketches[^1]));
        }
        Assert.Equal((2_048, SetAuditor.LeastInformationSets), (auditor.Count, auditor.InformationSetCount));
        Assert.False(Allows(auditor, Combine(random, sketches, 4, 1)));
        auditor.Add(Set(Combine(random, sketches, 9, 0)));
        Assert.Equal(2_048, auditor.Count);
    }

    [Fact]
    public void A_set_that_is_withheld_anyway_is_compared_with_every_earlier_one_so_that_the_time_does_not_tell_why()
    {
        var random = new Random(9);
        var set = Draw(random, 5_000);
        var guard = new DifferenceGuard(100, new byte[32]);
        guard.Remember([Set(set) with { Description = "near" }]);
        Assert.False(guard.Begin(isReserved: false).Accept(Set(set), isWanted: true));
        // A sketch without bits is a trip wire: each comparison with it fails.
        guard.Remember([Set([]) with { Description = "wire" }]);
        Assert.Throws<IndexOutOfRangeException>(() => guard.Begin(isReserved: false).Accept(Set(set), isWanted: true));
        Assert.Throws<IndexOutOfRangeException>(() => guard.Begin(isReserved: false).Accept(Set(Draw(random, 50)), isWanted: false));
    }

    [Fact]
    public void A_trial_leaves_nothing_behind()
    {
        var random = new Random(8);
        var guard = new DifferenceGuard(100, new byte[32], Words);
        var (one, other) = (Draw(random, 5_000), Draw(random, 5_000));
        using (var trial = guard.Begin(isReserved: false))
        {
            Assert.True(trial.Accept(Set(one), isWanted: true));
            Assert.True(trial.Accept(Set(other), isWanted: true));
            Assert.False(trial.Accept(Set(Xor(one, other)), isWanted: true));
        }
        using (var trial = guard.Begin(isReserved: false))
        {
            Assert.True(trial.Accept(Set(Xor(one, other)), isWanted: true));
        }
        guard.Reserve([Set(one) with { Description = "reserved" }]);
        guard.Remember([Set(other) with { Description = "answered" }]);
        using (var trial = guard.Begin(isReserved: false))
        {
            Assert.False(trial.Accept(Set(Xor(one, other)), isWanted: true));
        }
        using (var trial = guard.Begin(isReserved: true))
        {
            Assert.True(trial.Accept(Set(Xor(one, other)), isWanted: true));
        }
        Assert.False(guard.HasSpaceFor(2_047));
        Assert.True(guard.HasSpaceFor(2_046));
    }

    private static SetAuditor Create() => new(
        Words, Threshold, residue => residue.Sum(word => BitOperations.PopCount(word)) < Threshold);

    private static (SetAuditor Auditor, List<ulong[]> Sketches) Fill(Random random, int count)
    {
        var (auditor, sketches) = (Create(), new List<ulong[]>());
        for (var i = 0; i < count; i++)
        {
            // From small groups to large ones.
            sketches.Add(Draw(random, i % 5 == 0 ? 300 : 5_000));
            auditor.Add(Set(sketches[^1]));
        }
        return (auditor, sketches);
    }

    private static bool Allows(SetAuditor auditor, ulong[] sketch) => auditor.Allows(Set(sketch), None);

    private static PersonSet Set(ulong[] sketch) => new(new SetSketch(sketch), Guid.NewGuid().ToString());

    private static ulong[] Combine(Random random, List<ulong[]> sketches, int length, int remainder) =>
        sketches.OrderBy(_ => random.Next()).Take(length).Aggregate(Draw(random, remainder), Xor);

    private static ulong[] Xor(ulong[] one, ulong[] other) => [.. one.Zip(other, (left, right) => left ^ right)];

    private static ulong[] Draw(Random random, int persons)
    {
        var words = new ulong[Words];
        for (var person = 0; person < persons; person++)
        {
            var bit = random.Next(64 * Words);
            words[bit / 64] ^= 1UL << (bit % 64);
        }
        return words;
    }
}
