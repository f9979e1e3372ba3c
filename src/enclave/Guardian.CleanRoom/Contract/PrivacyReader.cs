using Guardian.Documents;

namespace Guardian.CleanRoom.Contract;

/// <summary>Reads the privacy rules of all members, and the rules that an owner adds for its data set.</summary>
internal static class PrivacyReader
{
    private const decimal LeastEpsilon = 0.001m;
    internal const decimal GreatestEpsilon = 10;
    private const decimal GreatestBudget = 1_000;
    private const int MaxFilters = 32;

    /// <summary>Reads the rules of all members, and tightens them by each owner's.</summary>
    public static PrivacyRules Read(YamlMap contract, IReadOnlyList<DataSet> dataSets)
    {
        var rules = contract.Map("privacy") is { } privacy ? ReadShared(privacy) : PrivacyRules.Default;
        return dataSets.Aggregate(rules, (strictest, dataSet) => dataSet.Rules.Tighten(strictest));
    }

    /// <summary>Finds the price of lift: the contract's, or the default, but no more than any owner allows for an answer.</summary>
    /// <param name="map">The contract.</param>
    /// <param name="lift">The design; its epsilon is that of the contract.</param>
    /// <param name="rules">The rules of all members and owners.</param>
    /// <param name="dataSets">All data sets.</param>
    public static LiftDesign Price(YamlMap map, LiftDesign lift, PrivacyRules rules, IReadOnlyList<DataSet> dataSets)
    {
        if (rules.Epsilon is not { } usual)
        {
            if (lift.Epsilon is not null)
            {
                map.ReportAt("analyses", "'lift' has an epsilon, but figures are exact with 'noise: none'; omit one of both");
            }
            return lift with { Epsilon = null };
        }
        var budget = dataSets.Select(dataSet => dataSet.Rules.Budget ?? rules.Budget).Append(rules.Budget).Min();
        var wanted = lift.Epsilon ?? Math.Max(usual, Math.Min(PrivacyRules.LiftEpsilon, PrivacyRules.LiftShareOfBudget * budget));
        return lift with { Epsilon = Shorten(dataSets.Select(dataSet => dataSet.Rules.Epsilon ?? wanted).Append(wanted).Min()) };
    }

    public static OwnerRules ReadOwner(YamlMap dataSet)
    {
        if (dataSet.Map("rules") is not { } map)
        {
            return new OwnerRules();
        }
        var rules = new OwnerRules(
            (int?)map.OptionalInteger("minimum_audience", PrivacyRules.LeastMinimumAudience, 1_000_000),
            ReadEpsilon(map, "epsilon", GreatestEpsilon),
            ReadEpsilon(map, "budget", GreatestBudget),
            (int?)map.OptionalInteger("max_filters", 0, MaxFilters),
            map.Flag("activation", absent: false));
        map.End();
        return rules;
    }

    private static PrivacyRules ReadShared(YamlMap privacy)
    {
        var fallback = PrivacyRules.Default;
        var rules = new PrivacyRules(
            (int)(privacy.OptionalInteger("minimum_audience", PrivacyRules.LeastMinimumAudience, 1_000_000)
                ?? fallback.MinimumAudience),
            ReadNoise(privacy),
            ReadEpsilon(privacy, "budget", GreatestBudget) ?? fallback.Budget,
            (int?)privacy.OptionalInteger("max_filters", 0, MaxFilters) ?? fallback.MaxFilters,
            (double?)privacy.OptionalDecimal("largest_share", 0.01m, 1) ?? fallback.LargestShare);
        privacy.End();
        return rules;
    }

    private static decimal? ReadNoise(YamlMap privacy)
    {
        if (privacy.Find("noise") is YamlMap noise)
        {
            var epsilon = ReadEpsilon(noise, "epsilon", GreatestEpsilon);
            if (!noise.Has("epsilon"))
            {
                noise.ReportMissing("epsilon");
            }
            noise.End();
            return epsilon ?? PrivacyRules.Default.Epsilon;
        }
        if (privacy.OptionalText("noise") is not { } word)
        {
            return PrivacyRules.Default.Epsilon;
        }
        if (word != "none")
        {
            privacy.ReportAt("noise", $"'noise' is none or {{epsilon: NUMBER}}, not '{word}'");
        }
        return null;
    }

    /// <summary>Reads an epsilon, or a budget of it.</summary>
    internal static decimal? ReadEpsilon(YamlMap map, string member, decimal greatest) =>
        Shorten(map.OptionalDecimal(member, LeastEpsilon, greatest));

    // Dividing by a one of 28 places drops trailing zeros: 0.50 and 0.5 are written alike in answers and logs.
    private static decimal? Shorten(decimal? epsilon) => epsilon / 1.0000000000000000000000000000m;
}
