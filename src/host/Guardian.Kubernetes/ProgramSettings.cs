using System.Globalization;
using Guardian.Refusals;

namespace Guardian.Kubernetes;

/// <summary>
/// The settings of a container whose process is a program for an enclave. The closest text counts: the container's own variable, then
/// the pod's annotation for this container, then the pod's annotation.
/// </summary>
/// <param name="subject">The owner of the settings, as messages name it.</param>
/// <param name="container">The container's name; null where it has none.</param>
/// <param name="variable">Reads a variable of the container; null for none.</param>
/// <param name="annotation">Reads an annotation of the pod; null for none.</param>
public sealed class ProgramSettings(
    string subject, string? container, Func<string, string?> variable, Func<string, string?> annotation)
{
    /// <summary>The setting that names <c>SESSION/SERVICE</c>.</summary>
    public const string Session = "session";

    /// <summary>The setting that names the CAS.</summary>
    public const string Cas = "cas";

    /// <summary>The setting that limits EPC.</summary>
    public const string Epc = "epc";

    private const long MaxMebibytes = 1 << 30;

    /// <summary>The name of a setting's variable.</summary>
    /// <param name="setting">The setting, such as <see cref="Session"/>.</param>
    /// <returns>The name, such as <c>GUARDIAN_SESSION</c>.</returns>
    /// <exception cref="ArgumentException"><paramref name="setting"/> is empty.</exception>
    public static string VariableOf(string setting)
    {
        ArgumentException.ThrowIfNullOrEmpty(setting);
        return $"GUARDIAN_{setting.ToUpperInvariant()}";
    }

    /// <summary>Finds the text of a setting, whatever it is.</summary>
    /// <param name="setting">The setting, such as <see cref="Session"/>.</param>
    /// <returns>The text; null when there is none, or an empty one.</returns>
    /// <exception cref="ArgumentException"><paramref name="setting"/> is empty.</exception>
    public string? Find(string setting)
    {
        var key = $"org.guardian.{setting}";
        var text = variable(VariableOf(setting)) is { Length: > 0 } own ? own
            : container is not null && annotation($"{key}.{container}") is { } named ? named
            : annotation(key);
        return text is { Length: > 0 } ? text : null;
    }

    /// <summary>Reads a setting that becomes one word of a command line.</summary>
    /// <param name="setting">The setting, such as <see cref="Session"/>.</param>
    /// <returns>The word; null when there is none.</returns>
    /// <exception cref="ArgumentException"><paramref name="setting"/> is empty.</exception>
    /// <exception cref="RefusedException"><see cref="ProgramReasons.BadSetting"/>.</exception>
    public string? Read(string setting)
    {
        var word = Find(setting);
        return word is not null && (word.Any(letter => char.IsControl(letter) || char.IsWhiteSpace(letter)) || word.StartsWith('-'))
            ? throw new RefusedException(
                ProgramReasons.BadSetting.Because($"the {setting} of {subject} has white space, or begins with a dash"))
            : word;
    }

    /// <summary>Reads the limit of EPC.</summary>
    /// <returns>The limit in MiB, from 1 to 2^30; null when there is none.</returns>
    /// <exception cref="RefusedException"><see cref="ProgramReasons.BadSetting"/>.</exception>
    public long? ReadEpc()
    {
        if (Read(Epc) is not { } text)
        {
            return null;
        }
        return long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number is > 0 and <= MaxMebibytes
            ? number
            : throw new RefusedException(ProgramReasons.BadSetting.Because($"the EPC of {subject} is no number of MiB: {text}"));
    }
}
