namespace Guardian.CleanRoom.Contract;

/// <summary>The rules that every answer must pass.</summary>
/// <param name="MinimumAudience">
/// k: the least number of persons in a set that is reported, in its complement, and in its difference from any earlier one; at least 20.
/// </param>
/// <param name="Epsilon">Privacy loss of one answer's discrete Laplace noise, or null when all members agreed on exact counts.</param>
/// <param name="Budget">Privacy loss that all answers together may cost each data set; unused without noise.</param>
/// <param name="MaxFilters">Comparisons that one question may make on one data set.</param>
/// <param name="LargestShare">The largest share that one person may have in a reported sum.</param>
public sealed record PrivacyRules(int MinimumAudience, decimal? Epsilon, decimal Budget, int MaxFilters, double LargestShare)
{
    /// <summary>The smallest minimum audience that a contract may name.</summary>
    public const int LeastMinimumAudience = 20;

    /// <summary>The price of lift in a contract that names none, where the budget allows it.</summary>
    internal const decimal LiftEpsilon = 3;

    /// <summary>The largest part of a budget that lift takes by default.</summary>
    internal const decimal LiftShareOfBudget = 0.75m;

    /// <summary>
    /// The most by which one person's rows can change the figures of an answer, in shares of one person: 1, or more where rows match by
    /// several identifiers, because one row can take another's place (docs/decisions/0137). Noise is as many times larger.
    /// </summary>
    public int Influence { get; init; } = 1;

    /// <summary>The rules of a contract that names none.</summary>
    public static PrivacyRules Default { get; } = new(100, 0.1m, 4, 8, 0.15);
}

/// <summary>The rules that one owner adds to those of all members; null adds nothing.</summary>
public sealed record OwnerRules(
    int? MinimumAudience = null, decimal? Epsilon = null, decimal? Budget = null, int? MaxFilters = null, bool Activation = false)
{
    /// <summary>Takes the stricter of both, rule by rule. An owner who names an epsilon gets noise, whatever else was agreed.</summary>
    public PrivacyRules Tighten(PrivacyRules rules)
    {
        ArgumentNullException.ThrowIfNull(rules);
        return rules with
        {
            MinimumAudience = Math.Max(rules.MinimumAudience, MinimumAudience ?? 0),
            Epsilon = Epsilon is null ? rules.Epsilon : Math.Min(Epsilon.Value, rules.Epsilon ?? decimal.MaxValue),
            MaxFilters = Math.Min(rules.MaxFilters, MaxFilters ?? int.MaxValue),
        };
    }
}
