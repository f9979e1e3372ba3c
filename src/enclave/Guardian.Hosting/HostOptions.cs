using System.Globalization;
using System.Net;
using System.Text.Json.Nodes;
using Guardian.Attestation.Collateral;
using Guardian.Attestation.Pki;
using Guardian.Attestation.Verification;
using Guardian.Refusals;

namespace Guardian.Hosting;

/// <summary>The options of an enclave program: <c>--name value</c> pairs and <c>--json</c>. The parser is small, because it is trusted
/// code.</summary>
public sealed class HostOptions
{
    private static readonly string[] Common = ["state", "machine", "listen"];
    private static readonly string[] CommonOptional = ["collateral", "epc"];

    // No machine has more; a larger number is a typing error.
    private const int MaxEpcMebibytes = 1024;

    private readonly Dictionary<string, string> values;

    private HostOptions(Dictionary<string, string> values, bool json, IReadOnlyList<TrustAnchor> anchors)
    {
        this.values = values;
        var collateral = values.GetValueOrDefault("collateral") ?? Path.Combine(State, "collateral");
        Verifier = new EvidenceVerifier(anchors, new CollateralStore(collateral));
        Json = json;
        Listen = ParseEndPoint(values["listen"]);
        EpcSize = ParseEpc(values.GetValueOrDefault("epc"));
    }

    /// <summary>The folder of the program's state, on the untrusted disk.</summary>
    public string State => values["state"];

    /// <summary>The folder of the simulated machine.</summary>
    public string Machine => values["machine"];

    /// <summary>Bytes of EPC of a simulated machine, from <c>--epc</c> in MiB; null for its default. Unused on hardware.</summary>
    public long? EpcSize { get; }

    /// <summary>Verifies peers with Intel's collateral, which is signed and lies on the untrusted disk. Without collateral it refuses peers
    /// on hardware.</summary>
    public EvidenceVerifier Verifier { get; }

    /// <summary>The address to listen on.</summary>
    public IPEndPoint Listen { get; }

    /// <summary>Whether messages on standard output are JSON, one line each.</summary>
    public bool Json { get; }

    /// <summary>Says what the program does before it serves, so that its user knows what a long start waits for.</summary>
    /// <param name="step">The step, for people: lower case, no full stop.</param>
    /// <remarks>With <see cref="Json"/> it writes one line of JSON to standard output, otherwise nothing.</remarks>
    public void ReportStep(string step)
    {
        if (Json)
        {
            Console.WriteLine(new JsonObject { ["event"] = "starting", ["step"] = step }.ToJsonString());
        }
    }

    /// <summary>The value of one of the program's required options.</summary>
    /// <param name="name">The option's name, without dashes.</param>
    public string this[string name] => values[name];

    /// <summary>Finds the value of an option that may be absent.</summary>
    /// <param name="name">The option's name, without dashes.</param>
    /// <returns>The value, or null.</returns>
    public string? Find(string name) => values.GetValueOrDefault(name);

    /// <summary>Reads arguments.</summary>
    /// <param name="arguments">The command line.</param>
    /// <param name="anchors">The roots of trust that the program knows.</param>
    /// <param name="own">The program's required options besides the common ones.</param>
    /// <param name="optional">The program's other options; <c>--collateral</c>, <c>--epc</c> and <c>--json</c> are always allowed.</param>
    /// <returns>The options.</returns>
    /// <exception cref="RefusedException"><see cref="HostingReasons.BadInput"/>: an option is unknown, missing or without
    /// value.</exception>
    public static HostOptions Parse(
        IReadOnlyList<string> arguments, IReadOnlyList<TrustAnchor> anchors, IReadOnlyList<string> own, IReadOnlyList<string> optional)
    {
        ArgumentNullException.ThrowIfNull(arguments);
        var names = Common.Concat(own).ToList();
        var mayBeAbsent = CommonOptional.Concat(optional).ToList();
        var values = new Dictionary<string, string>();
        var json = false;
        for (var i = 0; i < arguments.Count; i++)
        {
            var name = arguments[i].StartsWith("--", StringComparison.Ordinal) ? arguments[i][2..] : "";
            if (name == "json")
            {
                json = true;
            }
            else if ((!mayBeAbsent.Contains(name) && !names.Contains(name)) || i + 1 == arguments.Count
                || !values.TryAdd(name, arguments[++i]))
            {
                var argument = arguments[Math.Min(i, arguments.Count - 1)];
                throw RefuseUsage($"'{argument}' is unknown, given twice, or lacks its value", names, mayBeAbsent);
            }
        }
        var missing = names.Where(name => !values.ContainsKey(name)).ToList();
        return missing.Count == 0
            ? new HostOptions(values, json, anchors)
            : throw RefuseUsage($"missing: {string.Join(", ", missing.Select(name => $"--{name}"))}", names, mayBeAbsent);
    }

    /// <summary>Reads an IP address with a port.</summary>
    /// <param name="text">The text.</param>
    /// <returns>The address.</returns>
    /// <exception cref="RefusedException"><see cref="HostingReasons.BadInput"/>: the text is not an address with a port.</exception>
    public static IPEndPoint ParseEndPoint(string text) => IPEndPoint.TryParse(text, out var endPoint)
        ? endPoint
        : throw HostingReasons.RefuseInput(
            $"'{text}' is not an address to listen on", "give an IP address and a port, such as 127.0.0.1:8443; port 0 takes a free one");

    private static long? ParseEpc(string? text) => text is null
        ? null
        : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var mebibytes) && mebibytes is > 0 and <= MaxEpcMebibytes
            ? mebibytes * 1024L * 1024
            : throw HostingReasons.RefuseInput($"'{text}' is not a size of an EPC", $"give a number of MiB, at most {MaxEpcMebibytes}");

    private static RefusedException RefuseUsage(string detail, IEnumerable<string> names, IEnumerable<string> optional)
    {
        var options = names.Select(name => $"--{name} …").Concat(optional.Select(name => $"[--{name} …]"));
        return HostingReasons.RefuseInput(detail, $"options are {string.Join(" ", options)} [--json]");
    }
}
