using Guardian.Documents;

namespace Guardian.CleanRoom.Contract;

/// <summary>Reads the privacy rules of all members, and the rules that an owner adds for its data set.</summary>
internal static class PrivacyReader
{
    private const decimal LeastEpsilon = 0.001m;
    private const decimal GreatestEpsilon = 10;
    private const decimal GreatestBudget = 1_000;
    private const int MaxFilters = 32;

    /// <summary>Reads the rules of all members, and tightens them by each owner's.</summary>
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

        // Dividing by a one of 28 places drops trailing zeros: 0.50 and 0.5 are written alike in answers and logs.
        private static decimal? ReadEpsilon(YamlMap map, string member, decimal greatest) =>
            map.OptionalDecimal(member, LeastEpsilon, greatest) / 1.0000000000000000000000000000m;
        }
