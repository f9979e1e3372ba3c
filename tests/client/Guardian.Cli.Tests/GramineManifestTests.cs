using System.Text.RegularExpressions;
using Guardian.Attestation.Launch;
using Guardian.Hosting;
using Guardian.Refusals;
using Guardian.Runtime.Start;
using Tomlyn;
using Tomlyn.Model;

namespace Guardian.Cli.Tests;

/// <summary>The manifests of deploy/gramine, as Gramine's preprocessor would leave them. Whether an enclave starts with them, only hardware
/// can tell.</summary>
[Trait("Starts", "processes")]
public sealed partial class GramineManifestTests
{
    private const string Hash = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

    // Keys of Gramine's manual, "Manifest syntax", that are used here.
    private static readonly string[] Documented =
    [
        "loader.log_level", "loader.argv", "loader.env.LD_LIBRARY_PATH", "loader.env.DOTNET_GCHeapHardLimit",
        "loader.env.DOTNET_EnableDiagnostics", "loader.env.HOME", "loader.insecure__use_cmdline_argv",
        "libos.entrypoint", "fs.mounts", "sys.enable_extra_runtime_domain_names_conf", "sys.enable_sigterm_injection",
        "sys.disallow_subprocesses", "sys.experimental__enable_flock", "sys.insecure__allow_eventfd",
        "sys.stack.size", "sgx.debug", "sgx.remote_attestation", "sgx.isvprodid", "sgx.isvsvn",
        "sgx.enclave_size", "sgx.max_threads", "sgx.trusted_files", "sgx.allowed_files",
    ];

    private static readonly Dictionary<string, string> Values = new()
    {
        ["gramine.libos"] = "/gramine/libsysdb.so",
        ["gramine.runtimedir()"] = "/gramine/runtime",
        ["arch_libdir"] = "/lib/x86_64-linux-gnu",
        ["programs"] = "/opt/guardian",
        ["contract"] = "/etc/guardian/room",
        ["program"] = "/srv/visits.wasm",
        ["compiled"] = "/srv/visits",
        ["state"] = "/var/lib/guardian",
        ["cas"] = "https://cas.example:8443",
        ["cas_mrenclave"] = Hash,
        ["session"] = "visits/counter",
        ["port"] = "8443",
    };

    [Theory]
    [InlineData("guardian-enclave", EnclaveProduct.CleanRoom)]
    [InlineData("guardian-runtime", EnclaveProduct.Runtime)]
    [InlineData("guardian-cas", EnclaveProduct.Cas)]
    public void A_manifest_has_only_keys_that_Gramine_documents_and_attests_by_DCAP(string program, EnclaveProduct product)
    {
        var manifest = Read(program);
        Assert.Empty(Keys(manifest, "").Except(Documented));
        var sgx = (TomlTable)manifest["sgx"];
        Assert.Equal("dcap", sgx["remote_attestation"]);
        Assert.Equal(false, sgx["debug"]);
        // The identity that the simulated platform signs with.
        Assert.Equal(((long)product, 1L), (sgx["isvprodid"], sgx["isvsvn"]));
        var environment = (TomlTable)((TomlTable)manifest["loader"])["env"];
        Assert.Equal(("0", "/tmp"), (environment["DOTNET_EnableDiagnostics"], environment["HOME"]));
        Assert.Equal(true, ((TomlTable)manifest["sys"])["experimental__enable_flock"]);
    }

    [Theory]
    [InlineData("guardian-enclave")]
    [InlineData("guardian-runtime")]
    [InlineData("guardian-cas")]
    public void Every_file_is_mounted_and_only_what_the_program_checks_itself_is_allowed(string program)
    {
        var manifest = Read(program);
        var mounted = ((TomlArray)((TomlTable)manifest["fs"])["mounts"]).Cast<TomlTable>().Where(mount => mount.ContainsKey("uri"))
            .Select(mount => (string)mount["uri"]).ToList();
        Assert.All(Files(manifest, "trusted_files").Where(file => file != "file:/gramine/libsysdb.so"), file =>
            Assert.Contains(mounted, mount => (file + "/").StartsWith(mount.TrimEnd('/') + "/", StringComparison.Ordinal)));
        Assert.Equal(program == "guardian-runtime"
            ? ["file:/srv/visits.wasm", "file:/var/lib/guardian/"]
            : ["file:/var/lib/guardian/"], Files(manifest, "allowed_files"));
        Assert.Equal($"/{program}/{program}", ((TomlTable)manifest["libos"])["entrypoint"]);
    }

    [Fact]
    public void A_compiled_program_is_trusted_with_its_runtime_and_is_a_product_of_its_own()
    {
        var manifest = Read("guardian-runtime", isCompiled: true);
        Assert.Equal((long)EnclaveProduct.CompiledProgram, ((TomlTable)manifest["sgx"])["isvprodid"]);
        Assert.Contains("file:/srv/visits/on-demand/", Files(manifest, "trusted_files"));
        Assert.Equal(["file:/var/lib/guardian/"], Files(manifest, "allowed_files"));
        Assert.DoesNotContain("/opt/guardian", TomlSerializer.Serialize(manifest), StringComparison.Ordinal);
        Assert.Equal("/guardian-runtime", RuntimeOptions.Parse(ArgumentsOf(manifest)).Program);
    }

    [Fact]
    public void The_programs_take_their_manifest_s_arguments()
    {
        var room = Guardian.Hosting.HostOptions.Parse(Arguments("guardian-enclave"), [], own: ["contract", "cas"], optional: []);
        Assert.Equal(("/contract/room.yaml", "https://cas.example:8443", "0.0.0.0:8443", "/state"),
            (room["contract"], room["cas"], room.Listen.ToString(), room.State));
        var runtime = RuntimeOptions.Parse(Arguments("guardian-runtime"));
        Assert.Equal(("visits", "counter", "/program.wasm", "/state/volumes"),
            (runtime.SessionName, runtime.ServiceName, runtime.Program, runtime.Volumes));
        Assert.Equal(Guardian.Sgx.PlatformKind.Hardware, Assert.Single(runtime.CasPolicy.Platforms));
        Assert.Null(runtime.CasPins.Identity);
        string[] pins = ["--cas-identity", new string('1', 64), "--cas-owners", new string('2', 64)];
        runtime = RuntimeOptions.Parse([.. pins, .. Arguments("guardian-runtime")]);
        Assert.Equal((pins[1], pins[3]), (runtime.CasPins.Identity, runtime.CasPins.Owners));
        Assert.Throws<RefusedException>(() => RuntimeOptions.Parse(["--cas-identity", "x", .. Arguments("guardian-runtime")]));
        // The options of the CAS are not measured; the comment shows them.
        var command = File.ReadLines(Repository.File("deploy", "gramine", "guardian-cas.manifest.template"))
            .Single(line => line.StartsWith("#   gramine-sgx guardian-cas ", StringComparison.Ordinal)).Split(' ')[5..];
        var cas = Guardian.Hosting.HostOptions.Parse(command, [], own: [], optional: ["database"]);
        Assert.Equal(("/state", "0.0.0.0:8443", "/state/database"), (cas.State, cas.Listen.ToString(), cas.Find("database")));
        Assert.False(((TomlTable)Read("guardian-cas")["loader"]).ContainsKey("argv"));
    }

    [Theory]
    [InlineData("guardian-enclave", "Guardian.Enclave")]
    [InlineData("guardian-runtime", "Guardian.Runtime")]
    [InlineData("guardian-cas", "Guardian.Cas")]
    public void The_trusted_files_are_those_that_the_native_build_makes(string program, string project)
    {
        Assert.SkipUnless(GuardianProgram.Command(project, program) is [_], "the programs are not native; ./test native makes them");
        var folder = GuardianProgram.FolderOf(project);
        Assert.Equal(
            Directory.GetFiles(folder, "*", SearchOption.AllDirectories)
            .Select(file => $"file:/opt/guardian/{program}/{Path.GetRelativePath(folder, file)}").Order(StringComparer.Ordinal),
            Files(Read(program), "trusted_files").Where(file => file.StartsWith("file:/opt/guardian/", StringComparison.Ordinal))
            .Order(StringComparer.Ordinal));
    }

    private static TomlTable Read(string program, bool isCompiled = false)
    {
        var template = File.ReadAllText(Repository.File("deploy", "gramine", $"{program}.manifest.template"));
        template = Choice().Replace(
            template, choice => isCompiled == (choice.Groups["not"].Length == 0) ? choice.Groups["yes"].Value : choice.Groups["no"].Value);
        return TomlSerializer.Deserialize<TomlTable>(Placeholder().Replace(template, placeholder => Values[placeholder.Groups[1].Value]))!;
    }

    private static List<string> Arguments(string program)
    {
        var manifest = Read(program);
        Assert.Equal(program, ((TomlArray)((TomlTable)manifest["loader"])["argv"])[0]);
        return ArgumentsOf(manifest);
    }

    // The first word is the program's name.
    private static List<string> ArgumentsOf(TomlTable manifest) =>
        [.. ((TomlArray)((TomlTable)manifest["loader"])["argv"]).Cast<string>().Skip(1)];

    private static List<string> Files(TomlTable manifest, string list) =>
        [.. ((TomlArray)((TomlTable)manifest["sgx"])[list]).Cast<string>()];

    private static IEnumerable<string> Keys(TomlTable table, string prefix) =>
        table.SelectMany(member => member.Value is TomlTable inner ? Keys(inner, $"{prefix}{member.Key}.") : [prefix + member.Key]);

    [GeneratedRegex(
        @"\{% if compiled is (?<not>not )?defined %\}\n(?<yes>.*?)(\{% else %\}\n(?<no>.*?))?\{% endif %\}\n",
        RegexOptions.Singleline | RegexOptions.ExplicitCapture)]
    private static partial Regex Choice();

    [GeneratedRegex(@"\{\{ (.*?) \}\}")]
    private static partial Regex Placeholder();
}
