using System.CommandLine;
using System.Text;
using Guardian.Cas.Client.Protocol;
using Guardian.Cli.Failures;
using Guardian.Cli.Inputs;
using Guardian.Cli.Installation;
using Guardian.Cli.Options;
using Guardian.Cli.Output;
using Guardian.Refusals;
using Guardian.Sgx;

namespace Guardian.Cli.Commands.Kubernetes;

/// <summary><c>guardian kubernetes generate</c>.</summary>
internal sealed class KubernetesGenerateCommand : LocalCommand
{
    private readonly Argument<string[]> files = new("FILE")
    {
        Description = "Your manifests, YAML with one or several documents each.",
        Arity = ArgumentArity.OneOrMore,
    };
    private readonly Option<ProgramImage[]> images = ProgramImage.CreateOption();
    private readonly Option<string> creator = new("--creator")
    {
        Description = "The key that signs the sessions: its file, or as 'guardian key show' prints it.",
        Required = true,
        HelpName = "KEY",
    };
    private readonly Option<string> cas = new("--pod-cas")
    {
        Description = "The CAS as pods reach it, HOST:PORT.",
        DefaultValueFactory = _ => "guardian-cas.guardian-system.svc:8081",
        HelpName = "ADDRESS",
    };
    private readonly Option<string?> above = new("--below")
    {
        Description = "The session above the new ones. Without it, they are at the top of the CAS.",
        HelpName = "NAME",
    };
    private readonly Option<string> output = new("--output")
    {
        Description = "The folder to fill, which is new or empty.",
        Required = true,
        HelpName = "DIR",
    };
    private readonly PolicyOptions policy = new(InstalledProgram.Runtime);

    public KubernetesGenerateCommand() : base(
        "generate", "Write the sessions of the programs in your manifests, and the changes that make their pods run in enclaves.") =>
        AddSymbols([files, images, creator, cas, above, output, .. policy.All]);

    protected override int Run(ParseResult arguments, Terminal terminal)
    {
        var folder = arguments.GetRequiredValue(output);
        OutputFile.RequireNewOrEmptyFolder(folder);
        var known = arguments.GetRequiredValue(images);
        var paths = arguments.GetRequiredValue(files);
        var workloads = paths.SelectMany(ManifestReader.Read)
            .Where(workload => workload.Containers.Any(container => known.Any(image => image.Name == container.Image))).ToList();
        if (workloads.Count == 0)
        {
            throw CliReasons.NoWorkload.Refuse(
                $"no container of these manifests has the image {string.Join(" or ", known.Select(image => image.Name))}");
        }
        var digests = known.ToDictionary(image => image.Name, image => image.ComputeDigest());
        var common = new SessionBase(
            ReadCreator(arguments.GetRequiredValue(creator)), policy.Read(arguments).Identities[0].MrEnclaves[0].ToString(),
            [.. policy.ReadPlatforms(arguments).Select(platform => platform == PlatformKind.Simulated ? "simulated" : "hardware")],
            arguments.GetValue(above));
        var generated = new GeneratedFolder(folder, arguments.GetRequiredValue(cas), common, digests);
        var result = generated.Write(paths, workloads);
        terminal.Show(result, KubernetesJson.Default.KubernetesGenerateResult, people =>
        {
            foreach (var session in result.Sessions)
            {
                people.WriteLine($"{session.File} is the session {session.Name}");
            }
            foreach (var note in result.Notes)
            {
                people.WriteLine($"decide: {note}");
            }
            people.WriteLine($"next: review and sign each session, then kubectl apply -k {folder}");
        });
        return ExitCode.Done;
    }

    private static string ReadCreator(string text)
    {
        if (File.Exists(text))
        {
            using var key = KeyFile.Load(text);
            return KeyHash.TryRead(key.PublicKey)!;
        }
        return KeyHash.TryRead(text) ?? throw CliReasons.Usage.Refuse($"'{text}' is neither a file nor a public key");
    }
}

/// <summary>The result of <c>kubernetes generate</c>.</summary>
/// <param name="Folder">The filled folder.</param>
/// <param name="Sessions">The sessions.</param>
/// <param name="Notes">The steps that a person must decide about.</param>
internal sealed record KubernetesGenerateResult(string Folder, IReadOnlyList<GeneratedSessionResult> Sessions, IReadOnlyList<string> Notes);

/// <summary>A session that was written.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Hash">Its hash.</param>
/// <param name="File">Its file.</param>
/// <param name="Workload">The workload, such as <c>deployment-visits</c>.</param>
internal sealed record GeneratedSessionResult(string Name, string Hash, string File, string Workload);
