using System.Globalization;

namespace Guardian.Attestation.Collateral;

/// <summary>
/// The edition of Intel's TCB info and identities (PCS API, parameters <c>update</c> and <c>tcbEvaluationDataNumber</c>). Editions are kept
/// apart: an edition never replaces another one. Immutable.
/// </summary>
public sealed record EvaluationSet
{
    private EvaluationSet(string name, int? number) => (Name, Number) = (name, number);

    /// <summary>The values that Intel applies now.</summary>
    public static EvaluationSet Standard { get; } = new("standard", null);

    /// <summary>The values that Intel will apply at the next TCB recovery.</summary>
    public static EvaluationSet Early { get; } = new("early", null);

    /// <summary><c>standard</c>, <c>early</c>, or the number.</summary>
    public string Name { get; }

    /// <summary>The tcbEvaluationDataNumber of the edition; null for the two that move.</summary>
    public int? Number { get; }

    /// <summary>Names an edition by its tcbEvaluationDataNumber.</summary>
    /// <param name="number">The number, at least 1.</param>
    /// <returns>The edition.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="number"/> is below 1.</exception>
    public static EvaluationSet Numbered(int number)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(number, 1);
        return new EvaluationSet(number.ToString(CultureInfo.InvariantCulture), number);
    }

    /// <summary>Reads a name.</summary>
    /// <param name="name"><c>standard</c>, <c>early</c>, or a number from 1.</param>
    /// <returns>The edition, or null.</returns>
    public static EvaluationSet? TryParse(string? name) => name switch
    {
        "standard" => Standard,
        "early" => Early,
        _ => int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number > 0 ? Numbered(number) : null,
    };

    /// <inheritdoc/>
    public override string ToString() => Name;

    /// <summary>The parameter of a request, without a separator; empty for the standard edition, which services give by default.</summary>
    internal string Parameter => Number is not null ? $"tcbEvaluationDataNumber={Name}" : this == Standard ? "" : $"update={Name}";

    /// <summary>The end of a file's name.</summary>
    internal string FileEnding => this == Standard ? ".json" : $"-{Name}.json";
}
