using Guardian.Documents;

namespace Guardian.CleanRoom.Contract;

/// <summary>Reads privacy rules: those of all members, and those that an owner adds for its data set.</summary>
internal static class PrivacyReader
{
    private const decimal LeastEpsilon = 0.001m;
    private const decimal GreatestEpsilon = 10;
    private const decimal GreatestBudget = 1_000;
    private const int MaxFilters = 32;

    /// <summary>Reads what all members agreed on; an owner's rules are applied on top.</summary>
    public static PrivacyRules Read(YamlMap contract, IReadOnlyList<DataSet> dataSets)
    {
        var rules = contract.Map("privacy") is { } privacy ? ReadShared(privacy) : PrivacyRules.Default;
        return dataSets.Aggregate(rules, (strictest, dataSet) => dataSet.Rules.Tighten(strictest));
    }

    public static OwnerRules ReadOwner(YamlMap dataSet)
    {
        if (dataSet.Map("rules") is not { } map)
        {
            return new OwnerRules();
        }
        var rules = new OwnerRules(
            (int?)map.OptionalInteger("minimum_audience", PrivacyRules.LeastMinimumAudience, 1_000_000),
            (double?)map.OptionalDecimal("epsilon", LeastEpsilon, GreatestEpsilon),
            (double?)map.OptionalDecimal("budget", LeastEpsilon, GreatestBudget),
            (int?)map.OptionalInteger("max_filters", 0, MaxFilters),
            map.Flag("activation", absent: false));
        map.End();
        return rules;
    }

    private static PrivacyRules ReadShared(YamlMap privacy)
    {
        var fallback = PrivacyRules.Default;
        var rules = new PrivacyRules(
            (int)(privacy.OptionalInteger("minimum_audience", PrivacyRules.LeastMinimumAudience, 1_000_000) ?? fallback.MinimumAudience),
            ReadNoise(privacy),
            (double?)privacy.OptionalDecimal("budget", LeastEpsilon, GreatestBudget) ?? fallback.Budget,
            (int?)privacy.OptionalInteger("max_filters", 0, MaxFilters) ?? fallback.MaxFilters,
            (double?)privacy.OptionalDecimal("largest_share", 0.01m, 1) ?? fallback.LargestShare);
        privacy.End();
        return rules;
    }

    private static double? ReadNoise(YamlMap privacy)
    {
        if (privacy.Find("noise") is YamlMap noise)
        {
            var epsilon = noise.OptionalDecimal("epsilon", LeastEpsilon, GreatestEpsilon);
            if (!noise.Has("epsilon"))
            {
                noise.ReportMissing("epsilon");
            }
            noise.End();
            return (double?)epsilon ?? PrivacyRules.Default.Epsilon;
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
}
