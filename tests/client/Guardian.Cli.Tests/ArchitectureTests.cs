using System.Xml.Linq;

namespace Guardian.Cli.Tests;

/// <summary>Keeps the direction of dependencies that docs/architecture.md draws: inward, and nothing else.</summary>
public class ArchitectureTests
{
    // Each room and all it may know. A new reference changes this table in the same commit, with a reason.
    private static readonly Dictionary<string, string[]> MayKnow = new()
    {
        ["Guardian.Runtime"] = ["Guardian.Cas.Client", "Guardian.Files", "Guardian.Volumes", "Guardian.Wasi"],
        ["Guardian.Refusals"] = [],
        ["Guardian.Sgx"] = ["Guardian.Files", "Guardian.Refusals"],
        ["Guardian.Documents"] = ["Guardian.Refusals"],
        ["Guardian.Crypto"] = [],
        ["Guardian.Files"] = ["Guardian.Refusals"],
        ["Guardian.Volumes"] = ["Guardian.Crypto", "Guardian.Files", "Guardian.Refusals"],
        ["Guardian.Attestation"] = ["Guardian.Documents", "Guardian.Files", "Guardian.Sgx"],
        ["Guardian.Cas.Client"] = ["Guardian.Attestation"],
        ["Guardian.Cas"] = ["Guardian.Cas.Client", "Guardian.Crypto", "Guardian.Files", "Guardian.Hosting"],
        ["Guardian.CleanRoom"] = ["Guardian.Attestation", "Guardian.Files"],
        ["Guardian.CleanRoom.Client"] = ["Guardian.CleanRoom"],
        ["Guardian.Enclave"] = ["Guardian.Cas.Client", "Guardian.CleanRoom", "Guardian.Hosting"],
        ["Guardian.Hosting"] = ["Guardian.Attestation", "Guardian.Files"],
        ["Guardian.OpenStack"] = ["Guardian.Refusals"],
        ["Guardian.Node"] = ["Guardian.Documents", "Guardian.Files", "Guardian.OpenStack", "Guardian.Sgx"],
        ["Guardian.Wasi"] = ["Guardian.Files"],
        ["Guardian.Cli"] = ["Guardian.Cas", "Guardian.CleanRoom.Client", "Guardian.Enclave", "Guardian.Files", "Guardian.Node", "Guardian.OpenStack", "Guardian.Runtime", "Guardian.Volumes", "Guardian.Wasi"],
    };

    // What an auditor of the trusted computing base has to read besides our own code and the base library.
    private static readonly Dictionary<string, string[]> MayUsePackages = new()
    {
        ["Guardian.Runtime"] = [],
        ["Guardian.Refusals"] = [],
        ["Guardian.Sgx"] = [],
        ["Guardian.Documents"] = ["YamlDotNet"],
        ["Guardian.Crypto"] = [],
        ["Guardian.Files"] = [],
        ["Guardian.Volumes"] = [],
        ["Guardian.Attestation"] = ["System.Formats.Cbor"],
        ["Guardian.Cas.Client"] = [],
        ["Guardian.Cas"] = ["Microsoft.Data.Sqlite", "Npgsql"],
        ["Guardian.CleanRoom"] = [],
        ["Guardian.CleanRoom.Client"] = ["Parquet.Net", "Sylvan.Data.Csv", "libphonenumber-csharp"],
        ["Guardian.Enclave"] = [],
        ["Guardian.Hosting"] = [],
        ["Guardian.OpenStack"] = ["YamlDotNet"],
        ["Guardian.Node"] = [],
        ["Guardian.Wasi"] = ["Wasmtime"],
        ["Guardian.Cli"] = ["Spectre.Console", "System.CommandLine"],
    };

    [Fact]
    public void Every_room_is_in_the_table() =>
        Assert.Equal(MayKnow.Keys.Order(), Directory.GetFiles(Repository.File("src"), "*.csproj", SearchOption.AllDirectories).Select(Path.GetFileNameWithoutExtension).Order());

    [Theory]
    [MemberData(nameof(Rooms))]
    public void A_room_knows_only_the_rooms_further_in(string room) =>
        Assert.Equal(MayKnow[room].Order(), References(room, "ProjectReference").Select(path => Path.GetFileNameWithoutExtension(path)).Order());

    [Theory]
    [MemberData(nameof(Rooms))]
    public void A_room_uses_only_the_packages_it_was_granted(string room) =>
        Assert.Equal(MayUsePackages[room].Order(), References(room, "PackageReference").Order());

    public static TheoryData<string> Rooms() => new(MayKnow.Keys);

    private static IEnumerable<string> References(string room, string kind) =>
        XDocument.Load(Directory.GetFiles(Repository.File("src"), $"{room}.csproj", SearchOption.AllDirectories).Single()).Descendants(kind).Select(reference => reference.Attribute("Include")!.Value);
}
