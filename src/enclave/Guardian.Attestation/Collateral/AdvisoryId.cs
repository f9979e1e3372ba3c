namespace Guardian.Attestation.Collateral;

/// <summary>Names of Intel's advisories, such as <c>INTEL-SA-00615</c>.</summary>
public static class AdvisoryId
{
    private const string Prefix = "INTEL-SA-";
    private const int Digits = 5;

    /// <summary>Compares names. Case does not count, because the name of an advisory is the same in every spelling.</summary>
    public static StringComparer Comparer => StringComparer.OrdinalIgnoreCase;

    /// <summary>Whether a name has the form <c>INTEL-SA-NNNNN</c>, in capitals. Readers refuse others where they stand.</summary>
    /// <param name="name">The name.</param>
    /// <exception cref="ArgumentNullException"><paramref name="name"/> is null.</exception>
    public static bool IsWellFormed(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return name.Length == Prefix.Length + Digits
            && name.StartsWith(Prefix, StringComparison.Ordinal)
            && name[Prefix.Length..].All(char.IsAsciiDigit);
    }
}
