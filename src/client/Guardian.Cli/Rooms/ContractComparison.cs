using System.Globalization;
using Guardian.CleanRoom.Contract;
using Guardian.Cli.Output;

namespace Guardian.Cli.Rooms;

/// <summary>Says in words how a contract differs from the one before.</summary>
internal static class ContractComparison
{
    /// <summary>Lists the differences, one clause each.</summary>
    public static IReadOnlyList<string> Compare(RoomContract before, RoomContract after) =>
    [
        .. Changed("the version", before.Version, after.Version), .. Members(before, after), .. Roles(before.Roles, after.Roles),
        .. DataSets(before, after), .. Analyses(before.Analyses, after.Analyses),
        .. Programs(before.Analyses.Programs, after.Analyses.Programs), .. Privacy(before.Privacy, after.Privacy), .. Code(before, after),
    ];

    private static IEnumerable<string> Members(RoomContract before, RoomContract after)
    {
        foreach (var left in before.Members.Where(member => after.Members.All(each => each.Name != member.Name)))
        {
            yield return $"{left.Name} leaves";
        }
        foreach (var member in after.Members)
        {
            if (before.Members.FirstOrDefault(each => each.Name == member.Name) is not { } known)
            {
                yield return $"{member.Name} joins";
            }
            else if (known.PublicKey != member.PublicKey)
            {
                yield return $"{member.Name} has another key";
            }
        }
        foreach (var change in Changed("a change of the contract needs the votes of", before.Amendment, after.Amendment))
        {
            yield return change;
        }
    }

    private static IEnumerable<string> Roles(RoomRoles before, RoomRoles after) =>
    [
        .. Lists("may ask", before.Query, after.Query), .. Lists("may read answers", before.Receive, after.Receive),
        .. Lists("pays", before.Pay, after.Pay),
        .. after.BudgetShares.Keys.Union(before.BudgetShares.Keys).Order().SelectMany(name => Changed(
            $"the share of {name} in the budget", before.BudgetShares.GetValueOrDefault(name, 1),
            after.BudgetShares.GetValueOrDefault(name, 1))),
    ];

    private static IEnumerable<string> DataSets(RoomContract before, RoomContract after)
    {
        foreach (var gone in before.DataSets.Where(dataSet => after.FindDataSet(dataSet.Name) is null))
        {
            yield return $"the data set '{gone.Name}' of {gone.Owner} is gone";
        }
        foreach (var dataSet in after.DataSets)
        {
            if (before.FindDataSet(dataSet.Name) is not { } known)
            {
                yield return $"the data set '{dataSet.Name}' of {dataSet.Owner} is new";
                continue;
            }
            foreach (var change in Of(known, dataSet))
            {
                yield return $"{dataSet.Name}: {change}";
            }
        }
    }

    private static IEnumerable<string> Of(DataSet before, DataSet after) =>
    [
        .. Changed("the owner", before.Owner, after.Owner),
        .. Changed("persons are known by", Identifiers(before), Identifiers(after)),
        .. Changed("the most rows", before.MaxRows, after.MaxRows), .. Changed("the most changes", before.MaxChanges, after.MaxChanges),
        .. Changed("days of a pinned version", before.PinnedDays, after.PinnedDays), .. Changed("within", before.Within, after.Within),
        .. before.IsMembershipKnown == after.IsMembershipKnown ? []
            : new[] { after.IsMembershipKnown ? "membership is known to everybody" : "membership is secret again" },
        .. after.IsBudgetReset && !before.IsBudgetReset ? ["the budget begins anew"] : Array.Empty<string>(),
        .. before.File == after.File || Same(before.File, after.File) ? [] : new[] { "the file is read by other rules" },
        .. before.Rules == after.Rules ? [] : new[] { "the owner's own rules differ" },
        .. before.Events == after.Events ? [] : new[] { "events are read by other rules" },
        .. before.Columns.Where(column => after.FindColumn(column.Name) is null).Select(column => $"the column '{column.Name}' is gone"),
        .. after.Columns.SelectMany(column => before.FindColumn(column.Name) is { } known
            ? Of(known, column)
            : [$"the column '{column.Name}' is new{(column.Filter ? ", open to filters" : "")}{(column.Sum ? ", open to sums" : "")}"]),
    ];

    private static IEnumerable<string> Of(Column before, Column after)
    {
        if (before.Filter != after.Filter)
        {
            yield return $"'{after.Name}' is {(after.Filter ? "now open" : "closed")} to filters and groups";
        }
        if (before.Sum != after.Sum)
        {
            yield return $"'{after.Name}' is {(after.Sum ? "now open" : "closed")} to sums";
        }
        if (!before.Values.SequenceEqual(after.Values))
        {
            yield return $"'{after.Name}' has the values {string.Join(", ", after.Values.DefaultIfEmpty("none"))} instead of "
                + string.Join(", ", before.Values.DefaultIfEmpty("none"));
        }
        var (a, b) = (Shape(before), Shape(after));
        if (a != b)
        {
            yield return $"'{after.Name}' is {b} instead of {a}";
        }
        if (before.Label != after.Label || before.Unit != after.Unit || before.IsRounded != after.IsRounded
            || before.Unlisted != after.Unlisted || !(before.OpenValues ?? []).SequenceEqual(after.OpenValues ?? [])
            || (before.Fold is null) != (after.Fold is null))
        {
            yield return $"'{after.Name}' has another label, unit, fold or rule for its cells";
        }
    }

    private static string Shape(Column column)
    {
        string Value(long number) => (number / CellText.Power(column.Places)).ToString(CultureInfo.InvariantCulture);
        return column.Kind is ColumnKind.Category or ColumnKind.Flag
            ? $"a {column.Kind}"
            : $"a {column.Kind} of {column.Places} places from {Value(column.Minimum)} to {Value(column.Maximum)}"
                + (column.Cap is { } cap ? $", capped at {Value(cap)}" : "");
    }

    private static IEnumerable<string> Analyses(RoomAnalyses before, RoomAnalyses after)
    {
        foreach (var (name, was, isNow) in new[]
        {
            ("overlap", before.Overlap, after.Overlap), ("crosstab", before.Crosstab, after.Crosstab), ("sum", before.Sum, after.Sum),
            ("reach", before.Reach is not null, after.Reach is not null), ("lift", before.Lift is not null, after.Lift is not null),
            ("activation", before.Activation is not null, after.Activation is not null),
        })
        {
            if (was != isNow)
            {
                yield return $"{name} is {(isNow ? "now allowed" : "no longer allowed")}";
            }
        }
        if ((before.Reach is not null && after.Reach is not null && before.Reach != after.Reach)
            || (before.Activation is not null && after.Activation is not null && before.Activation != after.Activation))
        {
            yield return "reach or activation has another design";
        }
        if (before.Lift is { } old && after.Lift is { } lift)
        {
            foreach (var change in (IEnumerable<string>)[
                .. Changed("lift's assignment", old.Assignment, lift.Assignment), .. Changed("lift's control", old.Control, lift.Control),
                .. Lists(
                "outcomes of lift", [.. old.Outcomes.Select(each => each.ToString())], [.. lift.Outcomes.Select(each => each.ToString())]),
                .. Changed("lift's population", old.Population, lift.Population),
                .. Changed("lift's exposure", old.Exposure, lift.Exposure),
                .. Changed("lift's covariate", old.Covariate, lift.Covariate), .. Changed("lift's cluster", old.Cluster, lift.Cluster),
                .. Changed("lift's price", old.Epsilon, lift.Epsilon), .. Changed("lift's correction", old.Correction, lift.Correction),
                .. old.Shares.SequenceEqual(lift.Shares) ? [] : new[] { "lift's shares of the arms differ" },
                .. old.Ratios.SequenceEqual(lift.Ratios) ? [] : new[] { "lift's ratios differ" },
                .. old.LookPersons == lift.LookPersons ? [] : new[] { "lift's looks differ" }])
            {
                yield return change;
            }
        }
    }

    private static IEnumerable<string> Programs(IReadOnlyList<ProgramDesign> before, IReadOnlyList<ProgramDesign> after)
    {
        foreach (var gone in before.Where(program => after.All(each => each.Name != program.Name)))
        {
            yield return $"the program '{gone.Name}' is gone";
        }
        foreach (var program in after)
        {
            if (before.FirstOrDefault(each => each.Name == program.Name) is not { } known)
            {
                yield return $"the program '{program.Name}' is new: {program.Digest}";
                continue;
            }
            foreach (var change in (IEnumerable<string>)[
                .. Changed("digest", known.Digest, program.Digest), .. Changed("fuel", known.Fuel, program.Fuel),
                .. Changed("memory", known.MemorySize, program.MemorySize), .. Changed("price", known.Epsilon, program.Epsilon),
                .. Lists("reads", [.. known.Inputs.Select(each => $"{each}")], [.. program.Inputs.Select(each => $"{each}")]),
                .. Lists("writes", [.. known.Outputs.Select(Figures)], [.. program.Outputs.Select(Figures)])])
            {
                yield return $"the program '{program.Name}': {change}";
            }
        }
    }

    private static string Figures(ProgramOutput output) => string.Create(
        CultureInfo.InvariantCulture,
        $"{output.Name} ({string.Join(" + ", output.Cells)}, at most {output.Cap / CellText.Power(output.Places)})");

    private static IEnumerable<string> Privacy(PrivacyRules before, PrivacyRules after) =>
    [
        .. Changed("the least number of persons in an answer", before.MinimumAudience, after.MinimumAudience),
        .. Changed("the price of an answer (epsilon)", before.Epsilon, after.Epsilon, "exact figures"),
        .. Changed("the budget", before.Budget, after.Budget), .. Changed("the most conditions", before.MaxFilters, after.MaxFilters),
        .. Changed("the largest share of one answer", before.LargestShare, after.LargestShare),
    ];

    private static IEnumerable<string> Code(RoomContract before, RoomContract after)
    {
        static string List(RoomContract contract) => string.Join(
            ", ", contract.Enclave.Identities.SelectMany(identity => identity.MrEnclaves.Select(code => Format.Brief(code.ToString()))));
        static string Platforms(RoomContract contract) => string.Join(", ", contract.Enclave.Platforms.Select(Output.Platforms.Name));
        return
        [
            .. Changed("the code that computes (MRENCLAVE)", List(before), List(after)),
            .. Changed("the platforms", Platforms(before), Platforms(after)),
            .. Changed("the CAS", before.Cas.Identity, after.Cas.Identity),
            .. Changed("the session", before.Cas.Session, after.Cas.Session),
            .. Changed("the session's hash", before.Cas.SessionHash, after.Cas.SessionHash),
            .. after.IsGuardReset && !before.IsGuardReset
                ? ["the room forgets the sets of persons of earlier answers"]
                : Array.Empty<string>(),
        ];
    }

    private static string Identifiers(DataSet dataSet) => string.Join(
        ", then ", dataSet.Identifiers.Select(each => $"{each.Kind} {string.Join(" + ", each.Columns)} ({each.Profile}, {each.Form})"));

    private static bool Same(FileRules before, FileRules after) =>
        before.Empty.SequenceEqual(after.Empty) && before with { Empty = [] } == after with { Empty = [] };

    private static IEnumerable<string> Lists(string verb, IReadOnlyList<string> before, IReadOnlyList<string> after) =>
        before.Order().SequenceEqual(after.Order()) ? []
        : [$"{verb}: {string.Join(", ", after.DefaultIfEmpty("nobody"))} instead of {string.Join(", ", before.DefaultIfEmpty("nobody"))}"];

    private static IEnumerable<string> Changed<T>(string what, T before, T after, string none = "none")
    {
        if (!EqualityComparer<T>.Default.Equals(before, after))
        {
            yield return string.Create(
                CultureInfo.InvariantCulture, $"{what}: {(after is null ? none : after)} instead of {(before is null ? none : before)}");
        }
    }
}
