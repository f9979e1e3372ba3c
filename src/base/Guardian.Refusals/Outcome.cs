namespace Guardian.Refusals;

/// <summary>A value, or the refusal that explains why there is none. Exactly one of the two is set.</summary>
/// <param name="Value">The value, or null.</param>
/// <param name="Refusal">The refusal, or null.</param>
public readonly record struct Outcome<T>(T? Value, Refusal? Refusal) where T : class
{
    /// <summary>Wraps a value.</summary>
    /// <param name="value">The value; never null.</param>
    public static implicit operator Outcome<T>(T value) => new(value, null);

    /// <summary>Wraps a refusal.</summary>
    /// <param name="refusal">The refusal; never null.</param>
    public static implicit operator Outcome<T>(Refusal refusal) => new(null, refusal);
}
