using System.Formats.Tar;
using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Tomlyn;
using Tomlyn.Model;

namespace Guardian.Cli.Tests;

/// <summary>
/// <c>guardian native pack</c> and <c>guardian run --native</c>, with a stand-in for Gramine's files. <c>./test gramine</c> runs packs by
/// Gramine.
/// </summary>
[Trait("Starts", "processes")]
public sealed class NativePackTests : IDisposable
{
    private static readonly string Hash = new('1', 64);

    private readonly TemporaryFolder folder = new();

    public NativePackTests()
    {
        foreach (var inner in new[] { "gramine/bin", "gramine/lib/gramine/sgx", "premain", "root/usr/bin", "root/usr/lib",
            ".config/guardian/cas" })
        {
            Directory.CreateDirectory(folder.File(inner));
        }
        folder.Write("gramine/lib/gramine/libsysdb.so", "a stand-in");
        File.Copy(Repository.File("tests", "vectors", "gramine", "libpal.so"), folder.File("gramine/lib/gramine/sgx/libpal.so"));
        // Prints what the enclave would get.
        folder.Write("gramine/bin/gramine-direct", "#!/bin/sh\nset >&2\npwd\necho \"$@\"\nprintf '%s\\n' \"$GUARDIAN_HOST\"\nexit 7\n");
        File.SetUnixFileMode(folder.File("gramine/bin/gramine-direct"), (UnixFileMode)0b111_101_101);
        File.Copy("/bin/true", folder.File("premain/guardian-premain"));
        folder.Write(".config/guardian/cas/default.json", new JsonObject
        {
            ["address"] = "https://cas.example:8081",
            ["identity"] = Hash,
            ["owners"] = Hash,
            ["mrEnclaves"] = new JsonArray(Hash),
            ["platforms"] = new JsonArray("simulated"),
        }.ToJsonString());
        folder.Write("environment", $"PATH={folder.File("gramine/bin")}:/usr/bin:/bin\nGUARDIAN_PLATFORM=simulated\n");
        folder.Write("root/usr/bin/app-1", "the program");
        folder.Write("root/usr/lib/data", "data");
        File.CreateSymbolicLink(folder.File("root/lib"), "/usr/lib");
        File.CreateSymbolicLink(folder.File("root/usr/bin/app"), "../../usr/bin/app-1");
        File.CreateSymbolicLink(folder.File("root/usr/around"), "..");
        File.CreateSymbolicLink(folder.File("root/nowhere"), "missing");
        File.CreateSymbolicLink(folder.File("root/self"), "self");
        File.CreateSymbolicLink(folder.File("root/passwd"), "/etc/passwd");
        File.CreateSymbolicLink(folder.File("root/up"), "../../../../etc/passwd");
    }

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task A_folder_becomes_a_manifest_that_trusts_each_file_by_its_digest()
    {
        var packed = (await PackAsync("root", "--entry", "/usr/bin/app", "--volume", "data=/data", "--memory", "/run/app")).Ends(0).Json;
        Assert.Equal("/usr/bin/app-1", (string?)packed["entry"]);
        var manifest = ReadManifest();
        var files = TrustedFiles();
        // Each path by which a file is found, and no link that leads out of the folder, or to nothing.
        Assert.Equal(
            ["root/lib/data", "root/usr/bin/app", "root/usr/bin/app-1", "root/usr/lib/data"],
            files.Keys.Where(path => path.StartsWith("root/", StringComparison.Ordinal)).Order(StringComparer.Ordinal));
        Assert.All(files, file => Assert.Equal(
            Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(folder.File($"pack/{file.Key}")))), file.Value));
        Assert.Equal(("usr/lib", ".."), (LinkOf("lib"), LinkOf("usr/around")));
        Assert.All(["nowhere", "self", "passwd", "up"], link => Assert.Null(LinkOf(link)));
        Assert.Contains("premain/guardian-premain", files.Keys);
        Assert.Contains("premain/ld-linux-x86-64.so.2", files.Keys);
        Assert.Contains("premain/libcrypto.so.3", files.Keys);

        var sgx = (TomlTable)manifest["sgx"];
        Assert.Equal((false, "dcap", 4L), ((bool)sgx["debug"], (string)sgx["remote_attestation"], (long)sgx["isvprodid"]));
        Assert.Equal(["file:state/", "file:enclave/"], ((TomlArray)sgx["allowed_files"]).Cast<string>());
        // The measurement covers the session and the CAS.
        var words = ((TomlArray)((TomlTable)manifest["loader"])["argv"]).Cast<string>().ToList();
        foreach (var (option, value) in new[]
        {
            ("--entry", "/usr/bin/app-1"), ("--session", "shop/web"), ("--cas-identity", Hash), ("--cas-owners", Hash),
            ("--cas-mrenclave", Hash), ("--cas-platform", "simulated"), ("--volume", "data=/data"),
        })
        {
            Assert.Equal(value, words[words.IndexOf(option) + 1]);
        }
        var mounts = ((TomlArray)((TomlTable)manifest["fs"])["mounts"]).Cast<TomlTable>().ToList();
        Assert.Equal(
            ["/data", "/.guardian/spare/data"],
            mounts.Where(mount => mount.TryGetValue("type", out var type) && (string)type == "encrypted")
            .Select(mount => (string)mount["path"]));
    }

    [Fact]
    public async Task The_pack_measures_as_it_is_signed_and_its_session_admits_it()
    {
        var packed = (await PackAsync("root", "--entry", "/usr/bin/app", "--volume", "data=/data")).Ends(0).Json;
        var measured = (await RunAsync("enclave", "measure", "pack/program.manifest.sgx", "--json")).Ends(0).Json;
        Assert.Equal((string?)packed["mrEnclave"], (string?)measured["mrEnclave"]);
        Assert.Equal(
            ((string?)packed["mrSigner"], 4, 1), ((string?)measured["mrSigner"], (int)measured["isvProdId"]!, (int)measured["isvSvn"]!));
        Assert.Equal(
            (string?)packed["simulatedMrEnclave"],
            (string?)(await RunAsync("enclave", "measure", "pack/enclave", "--json")).Ends(0).Json["programs"]![0]!["mrEnclave"]);
        (await RunAsync("session", "check", "pack/session.yaml")).Ends(0);
        var session = await File.ReadAllTextAsync(folder.File("pack/session.yaml"));
        Assert.Contains((string)packed["simulatedMrEnclave"]!, session, StringComparison.Ordinal);
        Assert.Contains("update_policy: interval", session, StringComparison.Ordinal);

        // The same key signs the next pack; another file, entry or session gives another measurement.
        folder.Write("root/usr/lib/data", "changed");
        Directory.Delete(folder.File("pack"), recursive: true);
        var changed = (await PackAsync("root", "--entry", "/usr/bin/app", "--volume", "data=/data")).Ends(0).Json;
        Assert.Equal((string?)packed["mrSigner"], (string?)changed["mrSigner"]);
        Assert.NotEqual((string?)packed["mrEnclave"], (string?)changed["mrEnclave"]);
        Assert.NotEqual((string?)packed["simulatedMrEnclave"], (string?)changed["simulatedMrEnclave"]);
    }

    [Fact]
    public async Task An_image_is_unpacked_layer_by_layer()
    {
        var first = Layer(
            (TarEntryType.RegularFile, "app/run", "old", ""), (TarEntryType.RegularFile, "app/gone", "gone", ""),
            (TarEntryType.RegularFile, "etc/a/x", "x", ""), (TarEntryType.SymbolicLink, "bin", "", "app"));
        var second = Layer(
            (TarEntryType.RegularFile, "app/run", "new", ""), (TarEntryType.RegularFile, "app/.wh.gone", "", ""),
            (TarEntryType.RegularFile, "etc/a/.wh..wh..opq", "", ""), (TarEntryType.RegularFile, "etc/a/y", "y", ""),
            (TarEntryType.HardLink, "app/twin", "", "app/run"));
        Image("layout", first, second);
        (await PackAsync("layout")).Ends(0);
        Assert.Equal(
            ["app/run", "app/twin", "bin/run", "bin/twin", "etc/a/y"],
            TrustedFiles().Keys.Where(path => path.StartsWith("root/", StringComparison.Ordinal)).Select(path => path["root/".Length..])
                .Order(StringComparer.Ordinal));
        Assert.Equal("new", await File.ReadAllTextAsync(folder.File("pack/root/app/twin")));
        var session = await File.ReadAllTextAsync(folder.File("pack/session.yaml"));
        Assert.Contains("""command: ["run", "--serve"]""", session, StringComparison.Ordinal);
        Assert.Contains("pwd: \"/app\"", session, StringComparison.Ordinal);
        Assert.Contains("\"LANG\": \"C\"", session, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_hostile_image_writes_nothing_outside_the_pack()
    {
        // A naive unpacking follows the link of the first entry, and writes through it.
        var outside = Directory.CreateDirectory(folder.File("outside")).FullName;
        var hostile = Layer(
            (TarEntryType.SymbolicLink, "app", "", outside), (TarEntryType.RegularFile, "app/run", "planted", ""));
        UnpackNaively(hostile);
        Assert.True(File.Exists(Path.Combine(outside, "run")));
        File.Delete(Path.Combine(outside, "run"));

        Image("layout", hostile);
        (await PackAsync("layout")).Ends(0);
        Assert.Empty(Directory.GetFileSystemEntries(outside));
        Directory.Delete(folder.File("pack"), recursive: true);
        foreach (var (name, says) in new[] { ("../../escape", "leads out of its folder"), ("app/../../escape", "leads out of its folder") })
        {
            Directory.Delete(folder.File("layout"), recursive: true);
            Image("layout", Layer((TarEntryType.RegularFile, name, "planted", "")));
            (await PackAsync("layout")).Ends(1).Says(says);
            Assert.False(File.Exists(folder.File("escape")));
        }
        await File.WriteAllTextAsync(folder.File("layout/index.json"), "[]");
        (await PackAsync("layout")).Ends(1).Says("no usable OCI image layout");
        await TarFile.CreateFromDirectoryAsync(folder.File("layout"), folder.File("layout.tar"), includeBaseDirectory: false);
        (await PackAsync("layout.tar")).Ends(1).Says("layout.tar is no usable OCI image layout");
        (await PackAsync("premain/guardian-premain")).Ends(1).Says("no archive of an image");
    }

    [Fact]
    public async Task What_cannot_be_packed_is_refused_with_what_is_missing()
    {
        (await PackAsync("root")).Ends(2).Says("--entry PATH");
        (await PackAsync("root", "--entry", "/usr/bin/absent")).Ends(2).Says("no file /usr/bin/absent");
        (await PackAsync("root", "--entry", "/passwd")).Ends(2).Says("no file /passwd");
        foreach (var volume in new[] { "data", "=/data", "data=data", "data=/", "data=/../x", "a b=/x", "data=/.guardian/state" })
        {
            (await PackAsync("root", "--entry", "/usr/bin/app", "--volume", volume)).Ends(2);
        }
        (await PackAsync("root", "--entry", "/usr/bin/app", "--threads", "0")).Ends(2).Says("--threads");
        (await PackAsync("root", "--entry", "/usr/bin/app", "--cas", "other")).Ends(2).Says("pins the CAS");
        (await RunAsync("native", "pack", "root", "pack", "--session", "shop", "--entry", "/usr/bin/app")).Ends(2)
            .Says("no SESSION/SERVICE");
        (await RunAsync("native", "pack", "root", "pack", "--session", "shop/web", "--entry", "/usr/bin/app", "--premain", "root")).Ends(3)
            .Says("deploy/native/build");
        File.Delete(folder.File("gramine/lib/gramine/sgx/libpal.so"));
        (await PackAsync("root", "--entry", "/usr/bin/app", "--platform", "hardware")).Ends(3).Says("--platform simulated");
        Assert.Null((await PackAsync("root", "--entry", "/usr/bin/app")).Ends(0).Json["mrEnclave"]);
        (await PackAsync("root", "--entry", "/usr/bin/app")).Ends(2).Says("not empty");
        File.Delete(folder.File("gramine/lib/gramine/libsysdb.so"));
        Directory.Delete(folder.File("pack"), recursive: true);
        (await PackAsync("root", "--entry", "/usr/bin/app")).Ends(3).Says("Gramine is not installed");
    }

    [Fact]
    public async Task A_run_gives_the_enclave_the_host_s_choices_and_says_that_it_is_simulated()
    {
        Assert.SkipWhen(File.Exists("/dev/sgx_enclave"), "this machine has SGX");
        (await PackAsync("root", "--entry", "/usr/bin/app", "--volume", "data=/data")).Ends(0);
        folder.Write("token", "of the start\n");
        var run = (await RunAsync(
            "run", "--native", "pack", "--cas", "https://127.0.0.1:9", "--replica", "2", "--start-token", "token", "a", "--b")).Ends(7)
            .Says("SIMULATED");
        var lines = run.Output.Trim().Split('\n');
        Assert.Equal((folder.File("pack"), "program"), (lines[0], lines[1]));
        var choices = JsonNode.Parse(lines[2])!;
        Assert.Equal(
            ("https://127.0.0.1:9/", "2", "of the start", "[\"a\",\"--b\"]"),
            ((string?)choices["cas"], (string?)choices["replica"], (string?)choices["startToken"], choices["arguments"]!.ToJsonString()));
        // Nothing of the host's environment is Gramine's, or the program's by itself.
        Assert.DoesNotContain("NO_COLOR=", run.Error, StringComparison.Ordinal);
        foreach (var measured in new[] { "--session", "--volumes", "--machine", "--cas-mrenclave" })
        {
            (await RunAsync("run", "--native", "pack", measured, "x")).Ends(125).Says($"{measured} is not for --native");
        }
        (await RunAsync("run", "--native", "root")).Ends(125).Says("no packed program");
        File.Delete(folder.File("gramine/bin/gramine-direct"));
        (await RunAsync("run", "--native", "pack")).Ends(125).Says("gramine-direct");
    }

    private Task<Result> PackAsync(string source, params string[] options) => RunAsync(
        ["native", "pack", source, "pack", "--session", "shop/web", "--premain", "premain", "--enclave-size", "64M", "--threads", "4",
        "--json",
            .. options]);

    private void UnpackNaively(byte[] layer)
    {
        Directory.CreateDirectory(folder.File("naive"));
        using var tar = new TarReader(new GZipStream(new MemoryStream(layer), CompressionMode.Decompress));
        File.CreateSymbolicLink(folder.File("naive/app"), tar.GetNextEntry()!.LinkName);
        using var content = File.Create(folder.File("naive/" + tar.GetNextEntry()!.Name));
    }

    private string? LinkOf(string path) => new FileInfo(folder.File($"pack/root/{path}")).LinkTarget;

    private Dictionary<string, string> TrustedFiles() =>
        ((TomlArray)((TomlTable)ReadManifest()["sgx"])["trusted_files"]).Cast<TomlTable>()
            .ToDictionary(file => ((string)file["uri"])["file:".Length..], file => (string)file["sha256"]);

    private TomlTable ReadManifest() => TomlSerializer.Deserialize<TomlTable>(File.ReadAllText(folder.File("pack/program.manifest")))!;

    private void Image(string name, params byte[][] layers)
    {
        var blobs = Directory.CreateDirectory(folder.File($"{name}/blobs/sha256")).FullName;
        JsonObject Add(byte[] content, string type)
        {
            var hex = Convert.ToHexStringLower(SHA256.HashData(content));
            File.WriteAllBytes(Path.Combine(blobs, hex), content);
            return new JsonObject { ["mediaType"] = type, ["digest"] = $"sha256:{hex}", ["size"] = content.Length };
        }
        var config = Add(Encoding.UTF8.GetBytes("""
            {"config": {"Entrypoint": ["run"], "Cmd": ["--serve"], "Env": ["PATH=/bin:/app", "LANG=C"], "WorkingDir": "/app"}}
            """), "application/vnd.oci.image.config.v1+json");
        var manifest = new JsonObject
        {
            ["config"] = config,
            ["layers"] = new JsonArray([.. layers.Select(layer => Add(layer, "application/vnd.oci.image.layer.v1.tar+gzip"))]),
        };
        var described = Add(Encoding.UTF8.GetBytes(manifest.ToJsonString()), "application/vnd.oci.image.manifest.v1+json");
        folder.Write($"{name}/index.json", new JsonObject { ["manifests"] = new JsonArray(described) }.ToJsonString());
    }

    private static byte[] Layer(params (TarEntryType Type, string Name, string Content, string Link)[] entries)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionMode.Compress))
        using (var tar = new TarWriter(gzip, TarEntryFormat.Pax))
        {
            foreach (var (type, name, content, link) in entries)
            {
                var entry = new PaxTarEntry(type, name) { Mode = (UnixFileMode)0b111_101_101 };
                if (type == TarEntryType.RegularFile)
                {
                    entry.DataStream = new MemoryStream(Encoding.UTF8.GetBytes(content));
                }
                else
                {
                    entry.LinkName = link;
                }
                tar.WriteEntry(entry);
            }
        }
        return packed.ToArray();
    }

    private Task<Result> RunAsync(params string[] arguments) => GuardianProgram.RunAsync(folder.Path, arguments);
}
