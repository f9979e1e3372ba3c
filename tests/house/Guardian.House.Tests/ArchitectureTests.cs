using System.Xml.Linq;

namespace Guardian.House.Tests;

/// <summary>Keeps the storeys, the projects and the floors inside them as docs/explanation/architecture.md draws them.</summary>
public class ArchitectureTests
{
    // The storeys of src/, and the storeys that each may reference.
    private static readonly Dictionary<string, string[]> MayReferenceStoreys = new()
    {
        ["base"] = ["base"],
        ["enclave"] = ["base", "enclave"],
        ["simulation"] = ["base", "enclave"],
        ["host"] = ["base", "enclave", "host"],
        ["client"] = ["base", "enclave", "host", "client"],
    };

    // The executables that run enclaves, speak for them or verify them. They alone reference simulation, through eng/Simulation.props.
    private static readonly string[] CompositionRoots =
        ["Guardian.Cas", "Guardian.Cli", "Guardian.Enclave", "Guardian.Node", "Guardian.Operator", "Guardian.Runtime"];

    // Each project and the projects that it references. A new reference changes this table in the same commit, with a reason.
    private static readonly Dictionary<string, string[]> MayReference = new()
    {
        ["Guardian.Refusals"] = [],
        ["Guardian.Documents"] = ["Guardian.Refusals"],
        ["Guardian.Crypto"] = [],
        ["Guardian.Files"] = ["Guardian.Refusals"],
        ["Guardian.Sgx"] = ["Guardian.Files", "Guardian.Refusals"],
        ["Guardian.Attestation"] = ["Guardian.Crypto", "Guardian.Files", "Guardian.Sgx"],
        ["Guardian.Policies"] = ["Guardian.Attestation", "Guardian.Documents"],
        ["Guardian.Volumes"] = ["Guardian.Crypto", "Guardian.Files", "Guardian.Refusals"],
        ["Guardian.Wasi"] = ["Guardian.Files"],
        ["Guardian.Hosting"] = ["Guardian.Attestation", "Guardian.Files"],
        ["Guardian.Cas.Client"] = ["Guardian.Attestation", "Guardian.Policies"],
        ["Guardian.Cas"] = ["Guardian.Cas.Client", "Guardian.Crypto", "Guardian.Files", "Guardian.Hosting"],
        ["Guardian.CleanRoom"] = ["Guardian.Attestation", "Guardian.Files", "Guardian.Policies", "Guardian.Wasi"],
        ["Guardian.Enclave"] = ["Guardian.Cas.Client", "Guardian.CleanRoom", "Guardian.Hosting"],
        ["Guardian.Premain"] = ["Guardian.Cas.Client", "Guardian.Files", "Guardian.Runtime"],
        ["Guardian.Runtime"] = ["Guardian.Cas.Client", "Guardian.Files", "Guardian.Volumes", "Guardian.Wasi"],
        ["Guardian.Simulation"] = ["Guardian.Attestation", "Guardian.Files"],
        ["Guardian.OpenStack"] = ["Guardian.Refusals"],
        ["Guardian.Libvirt"] = ["Guardian.Refusals"],
        ["Guardian.ComputeHost"] = ["Guardian.Documents", "Guardian.Files", "Guardian.Libvirt", "Guardian.OpenStack", "Guardian.Sgx"],
        ["Guardian.Metering"] = ["Guardian.Files", "Guardian.OpenStack", "Guardian.Sgx"],
        ["Guardian.Kubernetes"] = ["Guardian.Refusals"],
        // The collateral cache bounds strangers as enclave programs do.
        ["Guardian.Node"] =
        [
            "Guardian.Attestation", "Guardian.ComputeHost", "Guardian.Files", "Guardian.Hosting", "Guardian.Kubernetes",
            "Guardian.Metering",
        ],
        ["Guardian.Operator"] = ["Guardian.Cas.Client", "Guardian.Kubernetes"],
        ["Guardian.Oci"] = ["Guardian.Files", "Guardian.Kubernetes"],
        ["Guardian.Attestation.Native"] = ["Guardian.Attestation", "Guardian.Documents", "Guardian.Policies"],
        ["Guardian.CleanRoom.Client"] = ["Guardian.CleanRoom"],
        ["Guardian.Portal"] = ["Guardian.CleanRoom.Client", "Guardian.Hosting"],
        ["Guardian.Verifier"] = ["Guardian.Attestation", "Guardian.Hosting"],
        ["Guardian.Cli"] =
        [
            "Guardian.Cas.Client", "Guardian.CleanRoom.Client", "Guardian.ComputeHost", "Guardian.Enclave", "Guardian.Files",
            "Guardian.Kubernetes", "Guardian.Metering", "Guardian.OpenStack", "Guardian.Portal", "Guardian.Runtime", "Guardian.Verifier",
            "Guardian.Volumes", "Guardian.Wasi",
        ],
    };

    // The packages of each project: what an auditor reads besides our own code and the base library.
    private static readonly Dictionary<string, string[]> MayUsePackages = new()
    {
        ["Guardian.Documents"] = ["YamlDotNet"],
        ["Guardian.Attestation"] = ["System.Formats.Cbor"],
        ["Guardian.Wasi"] = ["Wasmtime"],
        ["Guardian.Cas"] = ["Microsoft.Data.Sqlite", "Npgsql"],
        ["Guardian.OpenStack"] = ["YamlDotNet"],
        ["Guardian.Node"] = ["Grpc.AspNetCore"],
        ["Guardian.CleanRoom.Client"] = ["ExcelDataReader", "Parquet.Net", "Sylvan.Data.Csv", "libphonenumber-csharp"],
        ["Guardian.Cli"] = ["Spectre.Console", "System.CommandLine", "Tomlyn"],
    };

    public static TheoryData<string> Projects() => new(SourceProjects.All.Select(project => project.Name));

    [Fact]
    public void Every_project_is_in_the_table() =>
        Assert.Equal(MayReference.Keys.Order(), SourceProjects.All.Select(project => project.Name).Order());

    [Fact]
    public void The_page_about_the_architecture_has_the_same_table()
    {
        // | storey | `project` | contains | references | trusted |
        var rows = File.ReadLines(Repository.File("docs", "explanation", "architecture.md"))
            .Select(line => line.Split(" | "))
            .Where(cells => cells.Length == 5 && cells[1].StartsWith("`Guardian", StringComparison.Ordinal));
        var expected = MayReference.Select(row => (
            $"`{row.Key}`",
            row.Value.Length == 0 ? "nothing" : string.Join(", ", row.Value.Select(name => name["Guardian.".Length..]).Order())));
        Assert.Equal(expected.Order(), rows.Select(cells => (cells[1], cells[3])).Order());
    }

    [Theory]
    [MemberData(nameof(Projects))]
    public void A_project_references_what_the_table_says_and_no_storey_above_its_own(string name)
    {
        var project = SourceProjects.Find(name);
        var references = project.References("ProjectReference").Select(path => Path.GetFileNameWithoutExtension(path)!).Order().ToList();
        Assert.Equal(MayReference[name].Order(), references);
        Assert.All(references, reference => Assert.Contains(SourceProjects.Find(reference).Storey, MayReferenceStoreys[project.Storey]));
    }

    [Theory]
    [MemberData(nameof(Projects))]
    public void A_project_uses_the_packages_that_the_table_says(string name) =>
        Assert.Equal(MayUsePackages.GetValueOrDefault(name, []).Order(), SourceProjects.Find(name).References("PackageReference").Order());

    [Theory]
    [MemberData(nameof(Projects))]
    public void Only_executables_reference_simulation(string name) =>
        Assert.Equal(CompositionRoots.Contains(name), References(SourceProjects.Find(name).Assembly, "Guardian.Simulation"));

    public static TheoryData<string> OrderedProjects() =>
        new(SourceProjects.All.Select(project => project.Name));

    [Theory]
    [MemberData(nameof(OrderedProjects))]
    public void A_folder_uses_only_floors_below_it(string name) =>
        Assert.Empty(Floors.FindProblems(SourceProjects.Find(name).Assembly, name, FloorTable.Of(name)));

    [Theory]
    [MemberData(nameof(Projects))]
    public void A_namespace_is_a_folder(string name)
    {
        var project = SourceProjects.Find(name);
        Assert.All(Directory.GetFiles(project.Folder, "*.cs", SearchOption.AllDirectories), file =>
        {
            var folder = Path.GetRelativePath(project.Folder, Path.GetDirectoryName(file)!);
            var expected = folder == "." ? name : $"{name}.{folder.Replace('/', '.')}";
            Assert.All(File.ReadLines(file).Where(line => line.StartsWith("namespace ", StringComparison.Ordinal)), line =>
                Assert.Equal($"namespace {expected};", line));
        });
    }

    [Fact]
    public void A_planted_cycle_between_folders_is_found()
    {
        var problems = Floors.FindProblems(
            typeof(Guardian.House.Tests.Planted.Low.Foundation).Assembly, "Guardian.House.Tests.Planted", ["Low", "High"]);
        Assert.Contains(problems, problem =>
            problem.Contains("Foundation", StringComparison.Ordinal) && problem.Contains("Roof", StringComparison.Ordinal));
        Assert.Contains("no floor 'High'",
            string.Join('\n',
            Floors.FindProblems(typeof(Guardian.House.Tests.Planted.Low.Foundation).Assembly, "Guardian.House.Tests.Planted", ["Low"])),
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_planted_reference_to_simulation_is_found() =>
        Assert.True(References(typeof(Guardian.House.Tests.Planted.High.Roof).Assembly, "Guardian.Simulation"));

    private static bool References(System.Reflection.Assembly assembly, string name) =>
        assembly.GetReferencedAssemblies().Any(reference => reference.Name == name);
}
