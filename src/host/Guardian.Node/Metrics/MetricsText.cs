using System.Globalization;
using System.Text;

namespace Guardian.Node.Metrics;

/// <summary>Writes the text format of Prometheus, version 0.0.4. The lines of a metric are one group, as the format requires.</summary>
/// <param name="host">Nova's name of this host, the first label of every sample.</param>
internal sealed class MetricsText(string host)
{
    /// <summary>The media type of the format.</summary>
    public const string MediaType = "text/plain; version=0.0.4; charset=utf-8";

    private readonly StringBuilder text = new();

    /// <summary>Begins a metric.</summary>
    /// <param name="name">The metric's name.</param>
    /// <param name="type"><c>gauge</c>, <c>counter</c> or <c>histogram</c>.</param>
    /// <param name="help">One sentence.</param>
    public void AddFamily(string name, string type, string help) =>
        text.Append(CultureInfo.InvariantCulture, $"# HELP {name} {help}\n# TYPE {name} {type}\n");

    /// <summary>Adds a sample of the metric that was begun last.</summary>
    public void AddSample(string name, double value, params (string Name, string? Value)[] labels)
    {
        var all = labels.Prepend(("host", host)).Select(label => $"{label.Item1}=\"{Escape(label.Item2 ?? "")}\"");
        text.Append(CultureInfo.InvariantCulture, $"{name}{{{string.Join(',', all)}}} {value}\n");
    }

    /// <summary>Adds a metric with one sample.</summary>
    public void AddSingle(string name, string type, string help, double value, params (string Name, string? Value)[] labels)
    {
        AddFamily(name, type, help);
        AddSample(name, value, labels);
    }

    public override string ToString() => text.ToString();

    // A tenant may give a flavor or a project any name.
    private static string Escape(string value) => value
        .Replace("\\", "\\\\", StringComparison.Ordinal)
        .Replace("\"", "\\\"", StringComparison.Ordinal)
        .Replace("\n", "\\n", StringComparison.Ordinal);
}
