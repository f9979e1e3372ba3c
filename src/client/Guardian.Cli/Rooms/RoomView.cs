using System.Globalization;
using Guardian.CleanRoom.Analyses;
using Guardian.CleanRoom.Contract;
using Guardian.Cli.Output;

namespace Guardian.Cli.Rooms;

/// <summary>Shows contracts and answers to people.</summary>
internal static class RoomView
{
    private const string ExactCountsWarning =
        "without noise, a person who knows nearly all of a list learns from an exact count whether one more person is a match "
        + "(docs/explanation/limits.md)";

    private static readonly CultureInfo Culture = CultureInfo.InvariantCulture;

    /// <summary>Shows a contract and who has signed it.</summary>
    public static void ShowContract(TextOutput people, RoomFile file, IReadOnlyList<string> signed)
    {
        var contract = file.Contract;
        people.WriteFacts([
            ("room", contract.Name),
            ("hash", file.Hash),
            ("signed by", signed.Count == 0 ? "nobody yet" : string.Join(", ", signed)),
            ("still to sign", string.Join(", ", contract.Members.Select(member => member.Name).Except(signed).DefaultIfEmpty("nobody"))),
            .. contract.DataSets.Select(dataSet => (dataSet.Name, Describe(dataSet))),
            ("privacy", DescribePrivacy(contract.Privacy.MinimumAudience, contract.Privacy.Epsilon)),
            .. contract.Analyses.Lift?.Epsilon is { } price
                ? [("lift", string.Create(Culture, $"one measurement costs each of its data sets epsilon {price}"))]
                : Array.Empty<(string, string)>(),
            .. ProgramView.Describe(contract).Select(program => ("program", program)),
            .. BudgetMeaning.Describe(contract).Select(meaning => ("protection", meaning)),
            .. contract.Privacy.Epsilon is null ? [("mind", ExactCountsWarning)] : Array.Empty<(string, string)>(),
            .. ContractWarnings.Of(contract).Select(warning => ("mind", warning)),
        ]);
    }

    /// <summary>The privacy rules of a contract or answer, in one line.</summary>
    /// <param name="minimumAudience">Persons.</param>
    /// <param name="epsilon">The price of an answer; null for exact figures.</param>
    public static string DescribePrivacy(int minimumAudience, decimal? epsilon) =>
        $"at least {minimumAudience} persons in every set and outside it; "
        + (epsilon is { } value
            ? string.Create(Culture, $"every count has discrete Laplace noise, epsilon {value}")
            : "exact counts, as the members agreed (noise: none)");

    /// <summary>A question in one line.</summary>
    public static string Describe(Question question) =>
        $"{question.Kind}{(question.Program is { } program ? $" {program}" : "")}"
        + $"{(question.By.Count > 0 ? $" by {string.Join(", ", question.By)}" : "")}"
        + $"{(question.Column is { } column ? $" of {column}" : "")}"
        + $"{(question.DataSets.Count > 0 ? $", over {string.Join(", ", question.DataSets)}" : "")}{DescribeFilters(question)}";

    /// <summary>Names of the data sets that a question is about, also where it names none.</summary>
    public static IEnumerable<string> DataSetsOf(Question question, RoomContract contract)
    {
        if (question.DataSets.Count > 0)
        {
            return question.DataSets;
        }
        if (question.Kind != QuestionKind.Lift || contract.Analyses.Lift is not { } lift)
        {
            return contract.DataSets.Select(dataSet => dataSet.Name);
        }
        var named = question.Where.SelectMany(condition => condition.Predicates()).Select(predicate => predicate.Column)
            .Concat(question.By).Select(column => column.Split('.')[0]);
        return named.Prepend(lift.Outcomes[0].DataSet).Prepend(lift.Assignment.DataSet).Distinct();
    }

    /// <summary>Shows an answer.</summary>
    public static void ShowAnswer(TextOutput people, Answer answer)
    {
        if (answer.Body is WithheldResult withheld)
        {
            people.WriteLine($"withheld: {withheld.Detail}");
            return;
        }
        if (answer.Body is OverlapResult overlap)
        {
            var dataSets = answer.DataVersions.Count == 2 ? "both" : $"all {answer.DataVersions.Count}";
            people.WriteLine(
                $"{Format.Count(overlap.Persons, "person is", "persons are")} in {dataSets} data sets{DescribeFilters(answer.Question)}");
        }
        if (answer.Body is CrosstabResult crosstab)
        {
            ShowCrosstab(people, crosstab, answer.MinimumAudience);
        }
        if (answer.Body is SumResult sum)
        {
            people.WriteLine(string.Create(
                Culture,
                $"{sum.Column} over {Format.Count(sum.Persons, "person")}{DescribeFilters(answer.Question)}: {sum.Sum:N2} in all, "
                + $"{sum.Mean:N4} each; "
                + $"nobody adds more than {sum.Cap:N2}"
                + $"{(sum.Margin is { } range ? string.Create(Culture, $"; within {range:N2} of the truth at 95 %") : "")}"));
        }
        if (answer.Body is ReachResult reach)
        {
            ShowReach(people, reach, DescribeFilters(answer.Question));
        }
        if (answer.Body is ProgramResult program)
        {
            ProgramView.Show(people, program, DescribeFilters(answer.Question), answer.MinimumAudience);
        }
        if (answer.Body is LiftResult lift)
        {
            LiftView.Show(people, lift);
        }
        if (answer.Body is SegmentedLiftResult segmented)
        {
            SegmentView.Show(people, segmented, answer.MinimumAudience);
        }
        if (answer.NoiseMargin is { } margin && answer.Body is not (LiftResult or SegmentedLiftResult or ProgramResult))
        {
            people.WriteLine($"every count has noise and is within {margin} of the truth at 95 %");
        }
    }

    private static string Describe(DataSet dataSet)
    {
        var open = string.Join(
            ", ", dataSet.Columns.Where(column => column.Filter).Select(column => column.Name).DefaultIfEmpty("nothing"));
        return $"{Format.Count(dataSet.MaxRows, "row")} at most, from {dataSet.Owner}, by {DescribeIdentifiers(dataSet)}; "
            + $"open to filters: {open}"
            + (dataSet.Within is { } outer ? $"; all its persons are in {outer}" : "")
            + (dataSet.PinnedDays is { } days ? $"; one version for {(days == 1 ? "a day" : $"{days} days")}" : "");
    }

    private static string DescribeIdentifiers(DataSet dataSet) =>
        string.Join(", then ", dataSet.Identifiers.Select(identifier => string.Join(", ", identifier.Columns)));

    private static void ShowReach(TextOutput people, ReachResult reach, string filters)
    {
        people.WriteLine(
            $"{Format.Number(reach.Reached)} of {Format.Count(reach.Persons, "person was", "persons were")} reached{filters}"
            + (reach.AverageFrequency is { } often ? string.Create(Culture, $", {often:F2} times on average") : ""));
        var table = new TextTable().AddTextColumns("contacts").AddNumberColumns("persons");
        foreach (var each in reach.Frequencies)
        {
            table.AddRow($"{each.Times}{(each.OrMore ? " or more" : "")}", Count(each.Persons));
        }
        people.WriteTable(table);
    }

    private static void ShowCrosstab(TextOutput people, CrosstabResult crosstab, int minimumAudience)
    {
        var table = new TextTable().AddTextColumns(crosstab.By[0]);
        if (crosstab.By.Count == 1)
        {
            table.AddNumberColumns("persons");
        }
        else
        {
            table.AddNumberColumns([.. crosstab.Cells.Select(cell => cell.Values[1]).Distinct()]);
        }
        foreach (var row in crosstab.Cells.GroupBy(cell => cell.Values[0]))
        {
            table.AddRow([row.Key, .. row.Select(cell => Count(cell.Persons))]);
        }
        people.WriteTable(table);
        if (crosstab.SuppressedCells > 0)
        {
            people.WriteLine(
                $"{Format.Count(crosstab.SuppressedCells, "cell is", "cells are")} withheld: each is about fewer than {minimumAudience} "
                + "persons, or a margin or an earlier answer would reveal one that is");
        }
    }

    private static string Count(long? persons) => persons is { } known ? Format.Number(known) : "withheld";

    private static string DescribeFilters(Question question) =>
        question.Where.Count == 0 ? "" : $", where {string.Join(" and ", question.Where)}";
}
