using System.Formats.Tar;
using System.Security.Cryptography;
using System.Text;
using Guardian.Cli.Commands.Kubernetes;
using Guardian.Cli.Commands.Programs;
using Guardian.Node.Admission;
using Guardian.Node.Kubernetes;
using Guardian.Oci.Containers;
using Guardian.Oci.Node;
using Guardian.Operator.Objects;
using Guardian.Refusals;
using Guardian.Runtime.Images;
using Guardian.Runtime.Stdio;

namespace Guardian.Fuzz;

/// <summary>Inputs around containers: an engine's description of one, and lines of logs that carriers have changed.</summary>
internal static class ContainerTargets
{
    // The node gives a folder to the container's user, which only root can do for another user.
    private static readonly string Description = $$"""
        {"ociVersion":"1.0.2","process":{"user":{"uid":{{ReadOwn("Uid:")}},"gid":{{ReadOwn("Gid:")}}},"args":["/app.wasm","one"],"cwd":"/",
        "env":["GUARDIAN_SESSION=s/a","GUARDIAN_CAS=cas:1","GUARDIAN_EPC=8","PATH=/bin"]},"root":{"path":"rootfs"},
        "mounts":[{"destination":"/proc","type":"proc","source":"proc"}],"annotations":{"org.guardian.epc":"4"},
        "linux":{"resources":{"devices":[{"allow":false,"access":"rwm"}]} } }
        """;

    private static readonly byte[] Module = "\0asm\u0001\0\0\0"u8.ToArray();
    private static readonly Lazy<string> Folder = new(MakeBundle);
    private static readonly Lazy<(string Folder, byte[] Index)> Layout = new(MakeLayout);

    public static IReadOnlyList<Target> All { get; } =
    [
        new("oci-config", () => [Encoding.UTF8.GetBytes(Description)], Rewrite),
        new("image-index", () => [Layout.Value.Index], ReadIndex),
        new("image-layer", () => [MakeLayer(TarEntryFormat.Ustar), MakeLayer(TarEntryFormat.Gnu)], ReadLayer),
        new("kubernetes-change", SeedChanges, input =>
        {
            var text = Encoding.UTF8.GetString(input);
            return ObjectPage.Read(text) is not null | ObjectChange.Read(text) is not null;
        }),
        new("kubernetes-node-pods", SeedNodePods, input => NodePods.Read(Encoding.UTF8.GetString(input)) is { Count: > 0 }),
        new("kubernetes-pods", SeedPods, input => RunningProgramList.Read(Encoding.UTF8.GetString(input)) is { Count: > 0 }),
        new("admission-review", SeedReviews, input => AdmissionReview.Answer(input, new PodAdmission("guardian")) is not null),
        new("carried-line", SeedLines, input => CarriedLine.Read(Encoding.UTF8.GetString(input)).Frame is not null),
    ];

    private static string ReadOwn(string name) =>
        File.ReadLines("/proc/self/status").Single(line => line.StartsWith(name, StringComparison.Ordinal)).Split('\t')[1];

    // A refusal is an answer, and any other exception a fault.
    private static bool Rewrite(byte[] input)
    {
        var node = new NodeSettings("/usr/bin/runc", "/rootfs", Folder.Value, ["/guardian"], []);
        try
        {
            return new Bundle(Folder.Value).Rewrite(input, node, new SgxHost(Folder.Value, Folder.Value)) is not null;
        }
        catch (Exception failure) when (failure is RefusedException || Bundle.IsUnusable(failure))
        {
            return false;
        }
    }

    private static byte[] MakeLayer(TarEntryFormat format)
    {
        using var bytes = new MemoryStream();
        using (var tar = new TarWriter(bytes, format, leaveOpen: true))
        {
            foreach (var name in new[] { "app.wasm", "etc/app.conf", "etc/.wh.old", "www/.wh..wh..opq" })
            {
                TarEntry entry = format == TarEntryFormat.Ustar
                    ? new UstarTarEntry(TarEntryType.RegularFile, name)
                    : new GnuTarEntry(TarEntryType.RegularFile, name);
                entry.DataStream = new MemoryStream("content"u8.ToArray());
                tar.WriteEntry(entry);
            }
        }
        return bytes.ToArray();
    }

    private static bool ReadLayer(byte[] input)
    {
        var layers = new ImageLayers(maxSize: 1 << 20, maxFiles: 100);
        try
        {
            layers.Add(input, "application/vnd.oci.image.layer.v1.tar");
            return layers.Files.Count > 0;
        }
        catch (Exception failure) when (OciImage.IsMalformed(failure))
        {
            return false;
        }
    }

    private static bool ReadIndex(byte[] input)
    {
        File.WriteAllBytes(Path.Combine(Layout.Value.Folder, "index.json"), input);
        return OciImage.Read(Layout.Value.Folder).Value is not null;
    }

    // An image in an index of the index.
    private static (string Folder, byte[] Index) MakeLayout()
    {
        var folder = MakeFolder();
        OciWriter.Write(folder, Module, [new ImageFile("/etc/app.conf", "a"u8.ToArray())], "s/a", "cas:1");
        var inner = File.ReadAllBytes(Path.Combine(folder, "index.json"));
        var hex = Convert.ToHexStringLower(SHA256.HashData(inner));
        File.WriteAllBytes(Path.Combine(folder, "blobs", "sha256", hex), inner);
        return (folder, Encoding.UTF8.GetBytes($$"""
            {"manifests":[{"mediaType":"application/vnd.oci.image.index.v1+json","digest":"sha256:{{hex}}","size":{{inner.Length}}}]}
            """));
    }

    // An image with a module.
    private static string MakeBundle()
    {
        var folder = MakeFolder();
        Directory.CreateDirectory(Path.Combine(folder, "rootfs"));
        File.WriteAllBytes(Path.Combine(folder, "rootfs", "app.wasm"), Module);
        return folder;
    }

    // It is gone with the process.
    private static string MakeFolder()
    {
        var folder = Directory.CreateTempSubdirectory("guardian-fuzz-").FullName;
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Directory.Delete(folder, recursive: true);
        return folder;
    }

    private static List<byte[]> SeedChanges()
    {
        const string Item = """
            {"metadata":{"namespace":"a","name":"b","generation":3},"spec":{"text":"name: x\n","submission":"K S","signatures":["A B"]},
            "status":{"observedGeneration":3,"session":"x","hash":"h","conditions":[{"type":"Accepted","status":"True","reason":"r"}]}}
            """;
        string[] texts =
        [
            $$"""{"type":"ADDED","object":{{Item}}}""",
            $$$"""{"metadata":{"resourceVersion":"1","continue":"2"},"items":[{{{Item}}},{{{Item}}}]}""",
        ];
        return [.. texts.Select(Encoding.UTF8.GetBytes)];
    }

    private static List<byte[]> SeedNodePods()
    {
        const string Pods = """
            {"items":[{"metadata":{"uid":"00000000-0000-0000-0000-00000000000a","namespace":"a","name":"b"},"spec":{"initContainers":[
            {"resources":{"requests":{"sgx.intel.com/epc":"5Mi"}}}],"containers":[{"resources":{"limits":{"sgx.intel.com/epc":"1Gi"}}}]},
            "status":{"phase":"Running","startTime":"2026-06-01T10:00:00Z"}}]}
            """;
        return [Encoding.UTF8.GetBytes(Pods), Encoding.UTF8.GetBytes(Pods.Replace("1Gi", "9999999999999999Ti", StringComparison.Ordinal))];
    }

    private static List<byte[]> SeedPods()
    {
        const string Pods = """
            {"items":[{"metadata":{"namespace":"a","name":"b","annotations":{"org.guardian.session.c":"s/a","org.guardian.session":"x/y"}},
            "spec":{"containers":[{"name":"c","env":[{"name":"GUARDIAN_SESSION","value":"s/b"}]}]},
            "status":{"containerStatuses":[{"name":"c","state":{"running":{"startedAt":"2026-06-01T10:00:00Z"}}}]}}]}
            """;
        return [Encoding.UTF8.GetBytes(Pods), Encoding.UTF8.GetBytes(Pods.Replace("GUARDIAN_SESSION", "OTHER", StringComparison.Ordinal))];
    }

    private static List<byte[]> SeedReviews()
    {
        const string Review = """
            {"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","request":{"uid":"1","operation":"CREATE","resource":{"group":"",
            "version":"v1","resource":"pods"},"object":{"metadata":{"annotations":{"org.guardian.session":"s/a","org.guardian.epc":"16"}},
            "spec":{"runtimeClassName":"guardian","initContainers":[{"name":"i","envFrom":[{}]}],"containers":[{"name":"c","env":[{"name":
            "GUARDIAN_SESSION","value":"s/b"}],"resources":{"limits":{"sgx.intel.com/epc":"8Mi"},"requests":{}}}]}}}}
            """;
        return [Encoding.UTF8.GetBytes(Review), Encoding.UTF8.GetBytes(Review.Replace("session", "other", StringComparison.Ordinal))];
    }

    private static List<byte[]> SeedLines()
    {
        using var cipher = new StdioCipher(new byte[32], new string('a', 32), "out");
        var frame = cipher.Seal(StdioFrameKind.Data, "1 visits\n"u8).ToString().TrimEnd('\n');
        string[] lines =
        [
            frame, $"2026-11-28T22:31:06Z stdout F {frame}", $"\u001b[36mcounter_1  |\u001b[0m {frame}",
            $$"""{"log":"{{frame}}\n","stream":"stdout","time":"2026-11-28T22:31:05Z"}""",
        ];
        return [.. lines.Select(Encoding.UTF8.GetBytes)];
    }
}
