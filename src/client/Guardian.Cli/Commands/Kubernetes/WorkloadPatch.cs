using System.Text;
using Guardian.Cli.Sessions;

namespace Guardian.Cli.Commands.Kubernetes;

/// <summary>
/// The changes of a workload that make its programs run in enclaves, as a strategic merge patch. The session has the words and the values
/// of variables, so the patch takes them away from the pod.
/// </summary>
/// <param name="Workload">The workload.</param>
/// <param name="Session">The session's name.</param>
/// <param name="Cas">The CAS as pods reach it, <c>host:port</c>.</param>
/// <param name="Programs">The containers that run in enclaves.</param>
internal sealed record WorkloadPatch(Workload Workload, string Session, string Cas, IReadOnlyList<PodContainer> Programs)
{
    /// <summary>Writes YAML.</summary>
    public string Write()
    {
        var text = new StringBuilder();
        text.Append("apiVersion: ").Append(YamlTexts.Quote(Workload.ApiVersion)).Append("\nkind: ").Append(Workload.Kind)
            .Append("\nmetadata:\n  name: ").Append(YamlTexts.Quote(Workload.Name)).Append('\n');
        if (Workload.Namespace is not null)
        {
            text.Append("  namespace: ").Append(YamlTexts.Quote(Workload.Namespace)).Append('\n');
        }
        var indent = 0;
        foreach (var name in Workload.PodPath)
        {
            text.Append(' ', indent).Append(name).Append(":\n");
            indent += 2;
        }
        // A pod's metadata has its name above.
        Add(text, indent, Workload.PodPath.Count == 0 ? [] : ["metadata:"]);
        Add(text, indent, ["  annotations:", $"    org.guardian.cas: {YamlTexts.Quote(Cas)}"]);
        foreach (var program in Programs)
        {
            Add(text, indent, [$"    org.guardian.session.{program.Name}: {YamlTexts.Quote($"{Session}/{program.Name}")}"]);
        }
        Add(text, indent, ["spec:", "  runtimeClassName: guardian", "  containers:"]);
        foreach (var program in Programs)
        {
            Add(text, indent, [$"  - name: {YamlTexts.Quote(program.Name)}", "    args: null"]);
            // Variables of the cluster stay: the session decides whether the program sees them.
            Add(text, indent, program.Variables.Count > 0 ? ["    env:"] : []);
            foreach (var (name, _) in program.Variables)
            {
                Add(text, indent, [$"    - {{name: {YamlTexts.Quote(name)}, $patch: delete}}"]);
            }
            if (program.Command.Count > 1)
            {
                Add(text, indent, [$"    command: [{YamlTexts.Quote(program.Command[0])}]"]);
            }
            Add(text, indent, ["    resources:", "      limits:", "        sgx.intel.com/enclave: 1"]);
        }
        return text.ToString();
    }

    private static void Add(StringBuilder text, int indent, IEnumerable<string> lines)
    {
        foreach (var line in lines)
        {
            text.Append(' ', indent).Append(line).Append('\n');
        }
    }
}
