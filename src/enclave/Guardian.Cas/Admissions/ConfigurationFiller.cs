using System.Text;
using Guardian.Cas.Client.Protocol;
using Guardian.Cas.Secrets;
using Guardian.Refusals;

namespace Guardian.Cas.Admissions;

/// <summary>
/// Puts the secrets of an admitted service into its configuration. A short placeholder stands for kilobytes and may occur any number of
/// times, so the size of the result has a bound, and each token is made once. Not thread-safe.
/// </summary>
internal sealed class ConfigurationFiller(Admission admission, DateTimeOffset now)
{
    // Half of the largest answer that clients read.
    private const int MaxSize = 4 * 1024 * 1024;

    private readonly Dictionary<(string Name, bool IsPrevious), SecretValue?> values = [];
    private int left = MaxSize;

    /// <summary>Replaces the placeholders of a text.</summary>
    /// <exception cref="RefusedException">The configuration becomes too large.</exception>
    public byte[] Fill(string text)
    {
        var filled = PlaceholderWriter.Replace(text, Find, left) ?? throw Refuse();
        left -= filled.Length;
        return filled;
    }

    /// <summary>Replaces the placeholders of a text.</summary>
    /// <exception cref="RefusedException">The configuration becomes too large.</exception>
    public string FillText(string text) => Encoding.UTF8.GetString(Fill(text));

    /// <summary>Writes a certificate or its key as PEM; null for none.</summary>
    /// <exception cref="RefusedException">The configuration becomes too large.</exception>
    public string? ToPem(string? secret, string format)
    {
        if (secret is null || Find(secret, isPrevious: false) is not { } value)
        {
            return null;
        }
        var pem = value.ToPem(format);
        left -= pem.Length;
        return left >= 0 ? pem : throw Refuse();
    }

    private static RefusedException Refuse() => new(CasReasons.Invalid.Because(
        $"the configuration has more than {MaxSize} bytes when its placeholders are replaced; use fewer of them"));

    private SecretValue? Find(string name, bool isPrevious)
    {
        if (!values.TryGetValue((name, isPrevious), out var value))
        {
            values[(name, isPrevious)] = value = admission.FindValue(name, isPrevious, now);
        }
        return value;
    }
}
