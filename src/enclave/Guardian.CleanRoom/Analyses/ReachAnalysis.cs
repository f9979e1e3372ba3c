using Guardian.CleanRoom.Contract;
using Guardian.CleanRoom.Matching;
using Guardian.CleanRoom.Privacy;
using Guardian.Refusals;

namespace Guardian.CleanRoom.Analyses;

/// <summary>Measures how many persons a campaign reached, by frequency.</summary>
internal sealed class ReachAnalysis(RoomContract contract, PersonSets persons, DisclosureRules rules)
{
    private readonly ReachDesign design = contract.Analyses.Reach!;

    /// <summary>Runs the contract's reach measurement.</summary>
    public Outcome<AnalysisResult> Run(CompiledQuestion question)
    {
        var sides = persons.SidesOf(question);
        var counts = persons.Engine.CountCells(sides, question.CellCount);
        var sketches = persons.Sketch(sides, question.CellCount).ToList();
        // An empty frequency means never. Cells leave such persons out, so they are everybody less all cells.
        List<SidePlan> everybody = [.. sides.Select(side => side with { Cells = [] })];
        counts[0] += persons.Engine.CountCells(everybody, 1)[0] - counts.Sum();
        sketches[0] ^= sketches.Aggregate((left, right) => left ^ right) ^ persons.Sketch(everybody, 1)[0];
        var sizes = persons.SizesOf(question).ToList();

        // Step 1: persons by class. The last class has all frequencies from its own on.
        var classes = Math.Min(design.Maximum + 1, counts.Length);
        IEnumerable<int> FrequenciesOf(int times) => times < classes - 1 ? [times] : Enumerable.Range(times, counts.Length - times);
        var classCounts = Enumerable.Range(0, classes)
            .Select(times => (long)rules.Noise(FrequenciesOf(times).Sum(each => counts[each])).Value).ToList();
        var classSketches = Enumerable.Range(0, classes)
            .Select(times => FrequenciesOf(times).Select(each => sketches[each]).Aggregate((left, right) => left ^ right)).ToList();
        PersonSet SetOf(SetSketch found, IReadOnlyList<int> chosen) =>
            persons.SetOf(found, question, [.. chosen.SelectMany(FrequenciesOf)]);
        PersonSet UnionFrom(int first) => SetOf(
            classSketches.Skip(first).Aggregate((left, right) => left ^ right), [.. Enumerable.Range(first, classes - first)]);

        // Step 2: the rules. All persons and the reached ones are reported too, so the difference discloses the persons who were not
        // reached.
        var shown = classCounts.Select(count => rules.Allows(count, sizes)).ToArray();
        var (all, reached) = (classCounts.Sum(), classCounts.Skip(1).Sum());
        var (allSet, reachedSet) = (UnionFrom(0), UnionFrom(1));
        var (isAllSafe, isReachedSafe) = (persons.Accept(allSet, isWanted: true), persons.Accept(reachedSet, isWanted: true));
        var answered = new Suppression(
            rules.Rules.MinimumAudience, classes, classCounts, classSketches, SetOf, persons.Accept, persons.IsSafe).SuppressCells(shown);
        var missed = all - reached;
        if (!rules.Allows(all, sizes) || !rules.Allows(reached, sizes) || !isAllSafe || !isReachedSafe
            || (missed > 0 && missed < rules.Rules.MinimumAudience))
        {
            return rules.Withhold();
        }

        // Step 3: the result.
        var contacts = classCounts.Select((count, times) => (double)count * times).Sum();
        var frequencies = classCounts.Select((count, times) =>
            new FrequencyClass(times, times == classes - 1, shown[times] ? count : null));
        var average = shown.All(each => each) ? contacts / reached : (double?)null;
        return new AnalysisResult(
            new ReachResult(design.Frequency.ToString(), all, reached, [.. frequencies], average), [.. answered, allSet, reachedSet]);
    }
}
