using System.Text;
using Guardian.Cli.Failures;
using Guardian.Cli.Inputs;
using Guardian.Cli.Sessions;

namespace Guardian.Cli.Commands.Kubernetes;

/// <summary>The folder that <c>guardian kubernetes generate</c> fills: sessions, and a base for <c>kubectl apply -k</c>.</summary>
/// <param name="folder">The folder.</param>
/// <param name="cas">The CAS as pods reach it.</param>
/// <param name="common">The members that all sessions have.</param>
/// <param name="digests">The digest of each image's program.</param>
internal sealed class GeneratedFolder(
    string folder, string cas, SessionBase common, IReadOnlyDictionary<string, string> digests)
{
    private const string SessionsFolder = "sessions";

    /// <summary>Writes everything.</summary>
    /// <param name="manifests">The user's files, which are copied as they are.</param>
    /// <param name="workloads">The workloads with programs.</param>
    public KubernetesGenerateResult Write(IReadOnlyList<string> manifests, IReadOnlyList<Workload> workloads)
    {
        RequireDifferent(manifests.Select(path => Path.GetFileName(path)), "files");
        RequireDifferent(workloads.Select(workload => workload.Id), "workloads");
        Directory.CreateDirectory(Path.Combine(folder, SessionsFolder));
        var kustomization = new StringBuilder("apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources:\n");
        foreach (var path in manifests)
        {
            OutputFile.Write(Path.Combine(folder, Path.GetFileName(path)), InputFile.ReadBytes(path));
            kustomization.Append("- ").Append(YamlTexts.Quote(Path.GetFileName(path))).Append('\n');
        }
        kustomization.Append("patches:\n");
        var (sessions, notes) = (new List<GeneratedSessionResult>(), new List<string>());
        foreach (var workload in workloads)
        {
            var programs = workload.Containers.Where(container => digests.ContainsKey(container.Image)).ToList();
            var session = new GeneratedSession(common, workload, [.. programs.Select(program => (program, digests[program.Image]))]);
            sessions.Add(WriteSession(session, workload));
            notes.AddRange(session.Notes);
            var patch = $"patch-{workload.Id}.yaml";
            OutputFile.Write(Path.Combine(folder, patch), new WorkloadPatch(workload, session.Name, cas, programs).Write());
            kustomization.Append("- path: ").Append(YamlTexts.Quote(patch)).Append('\n');
        }
        OutputFile.Write(Path.Combine(folder, "kustomization.yaml"), kustomization.ToString());
        return new KubernetesGenerateResult(folder, sessions, notes);
    }

    private GeneratedSessionResult WriteSession(GeneratedSession session, Workload workload)
    {
        var path = Path.Combine(folder, SessionsFolder, $"{workload.Id}.yaml");
        var text = session.Write();
        // A name or a word of the manifest that a session does not take is refused here, with its place.
        var (document, _) = SessionDocumentFile.Read(Encoding.UTF8.GetBytes(text), path);
        OutputFile.Write(path, text);
        return new GeneratedSessionResult(document.Name, document.Hash, path, workload.Id);
    }

    private static void RequireDifferent(IEnumerable<string?> names, string what)
    {
        if (names.GroupBy(name => name).FirstOrDefault(group => group.Count() > 1) is { } twice)
        {
            throw CliReasons.Usage.Refuse($"two {what} have the name {twice.Key}", "generate them into different folders");
        }
    }
}
