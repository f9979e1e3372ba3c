using Guardian.Cli.Failures;
using Guardian.Refusals;

namespace Guardian.Cli.Options;

/// <summary>
/// The choices that a user makes once, in the environment or by the name <c>default</c> of <c>guardian cas trust</c>. An option of the
/// command line precedes them. The choices that security depends on are told on standard error, once.
/// </summary>
internal static class UserDefaults
{
    /// <summary>The variable with the CAS: an address, or a name of <c>guardian cas trust</c>.</summary>
    public const string Cas = "GUARDIAN_CAS";

    /// <summary>The variable with the file of the user's key.</summary>
    public const string Key = "GUARDIAN_KEY";

    /// <summary>The variable with the accepted platform.</summary>
    public const string Platform = "GUARDIAN_PLATFORM";

    /// <summary>The name of the CAS that is meant when none is given.</summary>
    public const string DefaultName = "default";

    private static readonly HashSet<string> Told = [];

    /// <summary>Whether a CAS is chosen, without a look at what it is.</summary>
    public static bool HasCas => Find(Cas) is not null || File.Exists(TrustedCas.PathOf(DefaultName));

    /// <summary>The value of a variable; null when it is absent or empty.</summary>
    public static string? Find(string variable) => Environment.GetEnvironmentVariable(variable) is { Length: > 0 } value ? value : null;

    /// <summary>The CAS that is chosen; null for none.</summary>
    /// <exception cref="RefusedException">The variable names no CAS.</exception>
    public static CasTarget? FindCas()
    {
        var word = Find(Cas);
        if (word is null && !HasCas)
        {
            return null;
        }
        var (target, problem) = CasTarget.Read(word ?? DefaultName);
        if (target is null)
        {
            throw CliReasons.Usage.Refuse($"{Cas}: {problem}", "set it to https://host:port, or to a name of 'guardian cas trust'");
        }
        Tell($"the CAS is {target.Address.GetLeftPart(UriPartial.Authority)}" + (word is null
            ? $", trusted as '{DefaultName}'"
            : $", from {Cas}{(target.Trusted is null ? "" : $", trusted as '{word}'")}"));
        return target;
    }

    /// <summary>The platform that is chosen: <c>hardware</c> or <c>simulated</c>; null for none.</summary>
    /// <exception cref="RefusedException">The variable names no platform.</exception>
    public static string? FindPlatform()
    {
        var word = Find(Platform);
        if (word is not (null or "hardware" or "simulated"))
        {
            throw CliReasons.Usage.Refuse($"{Platform} is hardware or simulated, not '{word}'", $"unset {Platform}");
        }
        if (word == "simulated")
        {
            Tell($"simulated platforms are accepted, which protect nothing, from {Platform}");
        }
        return word;
    }

    private static void Tell(string choice)
    {
        lock (Told)
        {
            if (Told.Add(choice))
            {
                Console.Error.WriteLine($"guardian: {choice}");
            }
        }
    }
}
