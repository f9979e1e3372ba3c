using Guardian.Attestation.Collateral;

namespace Guardian.Cli.Installation;

/// <summary>The folders in which this command line keeps the user's state.</summary>
internal static class UserFolders
{
    /// <summary>The variable with the folder for state.</summary>
    public const string StateVariable = "GUARDIAN_STATE";

    /// <summary>
    /// The folder for state: <c>$GUARDIAN_STATE</c>, else <c>$XDG_STATE_HOME/guardian</c>, else <c>~/.local/state/guardian</c>.
    /// </summary>
    public static string State => Environment.GetEnvironmentVariable(StateVariable) is { Length: > 0 } chosen
        ? chosen
        : Path.Combine(
            Environment.GetEnvironmentVariable("XDG_STATE_HOME") is { Length: > 0 } set
                ? set
                : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".local", "state"),
            "guardian");

    /// <summary>The folder for what the user decided: <c>$XDG_CONFIG_HOME/guardian</c>, else <c>~/.config/guardian</c>.</summary>
    public static string Configuration => Path.Combine(
        Environment.GetEnvironmentVariable("XDG_CONFIG_HOME") is { Length: > 0 } set
            ? set
            : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".config"),
        "guardian");

    /// <summary>The folder of the simulated machine's identity.</summary>
    public static string Machine => Path.Combine(State, "machine");

    /// <summary>The folder of fetched collateral.</summary>
    public static string Collateral => Path.Combine(State, "collateral");

    /// <summary>Opens the store of fetched collateral.</summary>
    /// <param name="directory">The folder; null for <see cref="Collateral"/>.</param>
    /// <param name="edition">The edition; null for the standard one.</param>
    public static CollateralStore OpenCollateral(string? directory = null, EvaluationSet? edition = null) =>
        new(directory ?? Collateral, edition);
}
