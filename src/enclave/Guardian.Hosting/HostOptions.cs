using System.Globalization;
using System.Net;
using Guardian.Attestation.Collateral;
using Guardian.Attestation.Pki;
using Guardian.Attestation.Verification;

namespace Guardian.Hosting;

/// <summary>The options of an enclave program: <c>--name value</c> pairs and <c>--json</c>. Small on purpose, for it is trusted code.</summary>
public sealed class HostOptions
{
    private static readonly string[] Common = ["state", "machine", "listen"];
    private static readonly string[] CommonOptional = ["collateral", "epc"];

    // Enough for any machine; more is a mistyped number.
    private const int MaxEpcMebibytes = 1024;

    private readonly Dictionary<string, string> values;

    private HostOptions(Dictionary<string, string> values, bool json, IReadOnlyList<TrustAnchor> anchors)
    {
        this.values = values;
        Verifier = new EvidenceVerifier(anchors, new CollateralStore(values.GetValueOrDefault("collateral") ?? Path.Combine(State, "collateral")));
        Json = json;
        Listen = ParseEndPoint(values["listen"]);
        EpcSize = ParseEpc(values.GetValueOrDefault("epc"));
    }

    /// <summary>Folder for the program's state, on the untrusted disk.</summary>
    public string State => values["state"];

    /// <summary>Folder of the simulated machine.</summary>
    public string Machine => values["machine"];

    /// <summary>Bytes of EPC of a simulated machine, from <c>--epc</c> in MiB; null for its default. Unused on hardware.</summary>
    public long? EpcSize { get; }

    /// <summary>Verifies peers, with Intel's collateral as it was fetched to the untrusted disk: it is signed. Peers on hardware are refused without.</summary>
    public EvidenceVerifier Verifier { get; }

    /// <summary>Where to listen.</summary>
    public IPEndPoint Listen { get; }

    /// <summary>Whether messages on standard output are JSON, a line each.</summary>
    public bool Json { get; }

    /// <summary>The value of a required option of the program's own.</summary>
    public string this[string name] => values[name];

    /// <summary>The value of an option that may be absent, or null.</summary>
    public string? Find(string name) => values.GetValueOrDefault(name);

    /// <summary>Reads arguments.</summary>
    /// <param name="anchors">The roots of trust that the program knows.</param>
    /// <param name="own">The required options the program has besides the common ones.</param>
    /// <param name="optional">Those that may be absent; so may <c>--collateral</c>, <c>--epc</c> and <c>--json</c>.</param>
    /// <exception cref="HostException">An option is unknown, missing or without value.</exception>
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
            else if ((!mayBeAbsent.Contains(name) && !names.Contains(name)) || i + 1 == arguments.Count || !values.TryAdd(name, arguments[++i]))
            {
                throw Usage($"'{arguments[Math.Min(i, arguments.Count - 1)]}' is unknown, given twice, or lacks its value", names, mayBeAbsent);
            }
        }
        var missing = names.Where(name => !values.ContainsKey(name)).ToList();
        return missing.Count == 0
            ? new HostOptions(values, json, anchors)
            : throw Usage($"missing: {string.Join(", ", missing.Select(name => $"--{name}"))}", names, mayBeAbsent);
    }

    /// <summary>Reads an IP address with a port.</summary>
    /// <exception cref="HostException">It is none.</exception>
    public static IPEndPoint ParseEndPoint(string text) => IPEndPoint.TryParse(text, out var endPoint)
        ? endPoint
        : throw new HostException(2, $"'{text}' is no address to listen on", "give an IP address and a port, such as 127.0.0.1:8443; port 0 takes a free one");

    private static long? ParseEpc(string? text) => text is null
        ? null
        : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var mebibytes) && mebibytes is > 0 and <= MaxEpcMebibytes
            ? mebibytes * 1024L * 1024
            : throw new HostException(2, $"'{text}' is no size of an EPC", $"give a number of MiB, at most {MaxEpcMebibytes}");

    private static HostException Usage(string message, IEnumerable<string> names, IEnumerable<string> optional) => new(
        2, message, $"options are {string.Join(" ", names.Select(name => $"--{name} …").Concat(optional.Select(name => $"[--{name} …]")))} [--json]");
}
