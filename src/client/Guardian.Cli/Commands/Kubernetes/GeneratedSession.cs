using System.Text;
using Guardian.Cli.Sessions;

namespace Guardian.Cli.Commands.Kubernetes;

/// <summary>The members that all sessions of a call have.</summary>
/// <param name="Creator">The hash of the key that signs them.</param>
/// <param name="MrEnclave">The measurement of the runtime.</param>
/// <param name="Platforms">The accepted platforms.</param>
/// <param name="Above">The session above them; null for none.</param>
internal sealed record SessionBase(string Creator, string MrEnclave, IReadOnlyList<string> Platforms, string? Above);

/// <summary>The first text of the session of a workload. Its author reviews and signs it.</summary>
internal sealed class GeneratedSession(
    SessionBase common, Workload workload, IReadOnlyList<(PodContainer Container, string Digest)> programs)
{
    // The container runtime keeps only mounts below it, and the program finds them by their names.
    private const string VolumesFolder = "/volumes/";

    /// <summary>The session's name.</summary>
    public string Name => common.Above is null ? workload.Name : $"{common.Above}/{workload.Name}";

    /// <summary>The steps that a person must decide about, one line each.</summary>
    public IReadOnlyList<string> Notes => [.. programs.SelectMany(program => NotesOf(program.Container))];

    /// <summary>Writes the session.</summary>
    public string Write()
    {
        var text = new StringBuilder();
        text.Append("# Written by 'guardian kubernetes generate' for the ").Append(workload.Kind).Append(' ').Append(workload.Name)
            .Append(". Review every line, then sign it.\n");
        text.Append("name: ").Append(YamlTexts.Write(Name, isFlow: true)).Append("\nversion: \"0.3\"\ncreator: ").Append(common.Creator)
            .Append("\nservices:\n");
        foreach (var (container, digest) in programs)
        {
            WriteService(text, container, digest);
        }
        var volumes = programs.SelectMany(program => VolumesOf(program.Container)).Distinct().ToList();
        if (volumes.Count > 0)
        {
            text.Append("volumes:\n");
        }
        volumes.ForEach(volume => text.Append("  - name: ").Append(volume).Append('\n'));
        return text.Append("access_policy: {read: [CREATOR], update: [CREATOR]}\n").ToString();
    }

    private void WriteService(StringBuilder text, PodContainer container, string digest)
    {
        string[] command = [container.Name, .. container.Command.Skip(1), .. container.Arguments];
        text.Append("  - name: ").Append(YamlTexts.Quote(container.Name)).Append('\n');
        text.Append("    command: [").AppendJoin(", ", command.Select(YamlTexts.Quote)).Append("]\n");
        text.Append("    program: ").Append(digest).Append('\n');
        text.Append("    attestation:\n      - mrenclave: [").Append(common.MrEnclave).Append("]\n");
        if (common.Platforms.Contains("simulated"))
        {
            text.Append("    # A simulated platform protects nothing: for tests alone.\n");
        }
        text.Append("    platforms: [").AppendJoin(", ", common.Platforms).Append("]\n");
        if (container.Variables.Count > 0)
        {
            text.Append("    environment:\n");
        }
        foreach (var (name, value) in container.Variables)
        {
            text.Append("      ").Append(YamlTexts.Quote(name)).Append(": ").Append(YamlTexts.Quote(value)).Append('\n');
        }
        var volumes = VolumesOf(container).ToList();
        if (volumes.Count > 0)
        {
            text.Append("    volumes:\n");
        }
        volumes.ForEach(volume => text.Append("      - {name: ").Append(volume).Append(", path: /").Append(volume).Append("}\n"));
        text.Append("    stdio: {readers: [CREATOR]}\n");
    }

    private static IEnumerable<string> VolumesOf(PodContainer container) => container.Mounts
        .Where(mount => mount.StartsWith(VolumesFolder, StringComparison.Ordinal)).Select(mount => mount[VolumesFolder.Length..])
        .Where(IsName);

    private static bool IsName(string text) =>
        text.Length is > 0 and <= 128 && text.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '-' or '_');

    private static IEnumerable<string> NotesOf(PodContainer container)
    {
        foreach (var name in container.OtherVariables)
        {
            yield return $"{container.Name}: {name} comes from the cluster, whose administrators see it; make it a secret of the session, "
                + $"or add it to 'host: {{environment: [{name}]}}'";
        }
        foreach (var source in container.VariableSources)
        {
            yield return $"{container.Name}: the program does not get the variables of {source} (envFrom); write those that it needs into "
                + "the session";
        }
        foreach (var word in container.Command.Skip(1).Concat(container.Arguments).Concat(container.Variables.Select(each => each.Value))
            .Where(word => word.Contains("$(", StringComparison.Ordinal)))
        {
            yield return $"{container.Name}: '{word}' has a variable of Kubernetes, which is not replaced in a session";
        }
        foreach (var mount in container.Mounts.Where(mount => !mount.StartsWith(VolumesFolder, StringComparison.Ordinal)))
        {
            yield return $"{container.Name}: the program does not see {mount}; mount volumes at {VolumesFolder}NAME, "
                + "where they are the encrypted volumes of the session";
        }
    }
}
