using System.CommandLine;
using Guardian.Cli.Failures;
using Guardian.Cli.Inputs;
using Guardian.Cli.Output;
using Guardian.Refusals;

namespace Guardian.Cli.Commands.Nodes;

/// <summary><c>guardian node install-runtime</c>.</summary>
internal sealed class InstallRuntimeCommand : LocalCommand
{
    private readonly Option<string?> image = new("--image")
    {
        Description = "The archive guardian-runtime.tar, which deploy/images/build makes.",
        HelpName = "FILE.tar",
    };
    private readonly Option<string> prefix = new("--prefix")
    {
        Description = "Folder for the runtime and its files.",
        DefaultValueFactory = _ => "/usr/local/lib/guardian-oci",
        HelpName = "DIR",
    };
    private readonly Option<string> state = new("--state")
    {
        Description = "Folder for compiled modules and simulated machines.",
        DefaultValueFactory = _ => "/var/lib/guardian-oci",
        HelpName = "DIR",
    };
    private readonly Option<string> runc = new("--runc")
    {
        Description = "The OCI runtime that does the work: runc or crun.",
        DefaultValueFactory = _ => "/usr/bin/runc",
        HelpName = "FILE",
    };
    private readonly Option<string?> cas = new("--cas")
    {
        Description = "The CAS of containers that name none.",
        HelpName = "ADDRESS",
    };
    private readonly Option<string?> docker = new("--docker")
    {
        Description = "Docker's configuration. Without --docker and --containerd: those of the engines that are installed.",
        HelpName = "FILE",
    };
    private readonly Option<string?> containerd = new("--containerd")
    {
        Description = "containerd's configuration.",
        HelpName = "FILE",
    };
    private readonly Option<bool> remove = new("--remove")
    {
        Description = "Take the runtime out of the configurations, and delete its files.",
    };

    public InstallRuntimeCommand() : base(
        "install-runtime", "Make Docker and containerd start WebAssembly programs in enclaves (runtime 'guardian').") =>
        AddSymbols(image, prefix, state, runc, cas, docker, containerd, remove);

    protected override int Run(ParseResult arguments, Terminal terminal)
    {
        var files = new RuntimeFiles(Path.GetFullPath(arguments.GetRequiredValue(prefix)));
        var engines = FindEngines(arguments);
        var isRemoved = arguments.GetValue(remove);
        if (isRemoved == arguments.GetValue(image) is not null)
        {
            throw CliReasons.Usage.Refuse("give either --image FILE.tar or --remove");
        }
        // Every configuration is read and checked before the first file is written.
        var edits = engines.Select(engine => (engine.Path, Text: engine.Edit(ReadIfPresent(engine.Path), isRemoved ? null : files.Program)))
            .ToList();
        if (!isRemoved)
        {
            files.Install(
                arguments.GetValue(image)!, Path.GetFullPath(arguments.GetRequiredValue(state)),
                InputFile.Require(arguments.GetRequiredValue(runc)), arguments.GetValue(cas));
        }
        foreach (var (path, text) in edits)
        {
            Save(path, text);
        }
        if (isRemoved)
        {
            files.Remove();
        }
        var result = new InstallRuntimeResult(files.Program, [.. edits.Select(edit => edit.Path)], isRemoved);
        terminal.Show(result, NodesJson.Default.InstallRuntimeResult, people =>
        {
            people.WriteLine(isRemoved ? $"removed {files.Program}" : $"installed {files.Program}");
            foreach (var path in result.Configurations)
            {
                people.WriteLine($"changed {path}; the engine reads it when it restarts");
            }
        });
        return ExitCode.Done;
    }

    private List<(string Path, Func<string, string?, string> Edit)> FindEngines(ParseResult arguments)
    {
        const string dockerFile = "/etc/docker/daemon.json";
        const string containerdFile = "/etc/containerd/config.toml";
        var (dockerPath, containerdPath) = (arguments.GetValue(docker), arguments.GetValue(containerd));
        if (dockerPath is null && containerdPath is null)
        {
            dockerPath = File.Exists("/usr/bin/dockerd") || Directory.Exists(Path.GetDirectoryName(dockerFile)) ? dockerFile : null;
            containerdPath = File.Exists(containerdFile) ? containerdFile : null;
        }
        List<(string, Func<string, string?, string>)> engines = [];
        if (dockerPath is not null)
        {
            engines.Add((dockerPath, EngineConfigurations.EditDocker));
        }
        if (containerdPath is not null)
        {
            engines.Add((containerdPath, EngineConfigurations.EditContainerd));
        }
        return engines.Count > 0 ? engines : throw CliReasons.Usage.Refuse(
            "neither Docker nor containerd is configured here", "name their configurations: --docker FILE, --containerd FILE");
    }

    private static string ReadIfPresent(string path) => File.Exists(path) ? InputFile.ReadText(path) : "";

    private static void Save(string path, string text)
    {
        if (File.Exists(path))
        {
            OutputFile.Replace(path, System.Text.Encoding.UTF8.GetBytes(text));
        }
        else if (text.Length > 0)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
            OutputFile.Write(path, text);
        }
    }
}

/// <summary>The result of <c>node install-runtime</c>.</summary>
/// <param name="Program">The OCI runtime.</param>
/// <param name="Configurations">The configurations that were changed.</param>
/// <param name="Removed">Whether it was removed.</param>
internal sealed record InstallRuntimeResult(string Program, IReadOnlyList<string> Configurations, bool Removed);
