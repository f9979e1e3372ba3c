using System.Formats.Tar;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Guardian.Cli.Failures;
using Guardian.Cli.Inputs;
using Guardian.Refusals;
using Guardian.Runtime.Images;

namespace Guardian.Cli.Commands.Programs;

/// <summary>
/// An ordinary Linux image that runs a program's layout: an image of Guardian's runtime (deploy/images/build), and one more layer. It is
/// one file, an OCI archive with Docker's own table of content, so that <c>docker load</c>, <c>ctr images import</c> and <c>skopeo</c> take
/// it. The same inputs give the same bytes.
/// </summary>
/// <remarks>Nobody trusts this image: the enclave verifies the layout in it.</remarks>
internal static class ContainerArchive
{
    /// <summary>The folder of the layout in the image.</summary>
    private const string Folder = "/image";

    /// <summary>Writes the archive.</summary>
    /// <param name="target">The new file.</param>
    /// <param name="runtimeArchive">The archive of the runtime's image.</param>
    /// <param name="layout">The program's layout.</param>
    /// <param name="name">NAME:TAG.</param>
    /// <returns>The digest of the image's manifest, <c>sha256:HEX</c>.</returns>
    /// <exception cref="RefusedException">The runtime's archive is malformed, or a file cannot be read or written.</exception>
    public static string Write(string target, string runtimeArchive, string layout, string name)
    {
        OutputFile.RequireNew(target);
        var work = Directory.CreateTempSubdirectory("guardian-image-");
        try
        {
            return WriteCore(target, ImageBlobs.Unpack(runtimeArchive, work.FullName), work.FullName, layout, name);
        }
        catch (Exception failure) when (failure is JsonException or InvalidDataException or FormatException or InvalidOperationException
            or ArgumentException or NullReferenceException)
        {
            throw new RefusedException(
                CliReasons.BadImage.Because($"{runtimeArchive} is no archive of Guardian's runtime: {failure.Message}"), failure);
        }
        finally
        {
            work.Delete(recursive: true);
        }
    }

    private static string WriteCore(string target, ImageBlobs blobs, string work, string layout, string name)
    {
        var manifest = blobs.ReadObject(ImageBlobs.FindImage(work));
        var config = blobs.ReadObject(ImageBlobs.Text(manifest["config"]!["digest"]));

        // One more layer: the layout, unchanged.
        var files = Directory.EnumerateFiles(layout, "*", SearchOption.AllDirectories).Select(path =>
            new ImageFile($"{Folder}/{Path.GetRelativePath(layout, path)}", InputFile.ReadBytes(path)));
        var (layer, diff) = OciWriter.PackLayer(files);
        manifest["layers"]!.AsArray().Add((JsonNode)blobs.Add(layer, OciImage.LayerType));
        config["rootfs"]!["diff_ids"]!.AsArray().Add((JsonNode)diff);
        (config["history"] as JsonArray)?.Add((JsonNode)new JsonObject { ["created_by"] = "guardian image pack --container" });

        // The runtime's image starts 'guardian run'; this one names the program too.
        var execution = config["config"]!.AsObject();
        var words = execution["Entrypoint"]!.AsArray().Select(ImageBlobs.Text).ToList();
        if (words[^1] != "run")
        {
            words.Add("run");
        }
        execution["Entrypoint"] = new JsonArray([.. words.Concat(["--oci", Folder]).Select(word => (JsonNode)word)]);
        execution.Remove("Cmd");
        var configBlob = blobs.Add(Serialize(config), OciImage.ConfigType);
        manifest["config"] = configBlob.DeepClone();
        var named = blobs.Add(Serialize(manifest), OciImage.ManifestType);
        var digest = ImageBlobs.Text(named["digest"]);
        named["platform"] = new JsonObject
        {
            ["architecture"] = ImageBlobs.Text(config["architecture"]),
            ["os"] = ImageBlobs.Text(config["os"]),
        };
        named["annotations"] = new JsonObject(OciWriter.Name(name).Select(each => KeyValuePair.Create(each.Key, (JsonNode?)each.Value)));
        var newIndex = new JsonObject
        {
            ["schemaVersion"] = 2,
            ["mediaType"] = "application/vnd.oci.image.index.v1+json",
            ["manifests"] = new JsonArray(named),
        };
        var layers = manifest["layers"]!.AsArray().Select(each => ImageBlobs.Text(each!["digest"])).ToList();
        var docker = new JsonArray(new JsonObject
        {
            ["Config"] = PathOf(ImageBlobs.Text(configBlob["digest"])),
            ["RepoTags"] = new JsonArray(name),
            ["Layers"] = new JsonArray([.. layers.Select(each => (JsonNode)PathOf(each))]),
        });
        using var tar = new TarWriter(Create(target), TarEntryFormat.Ustar, leaveOpen: false);
        WriteEntry(tar, "oci-layout", new MemoryStream("""{"imageLayoutVersion":"1.0.0"}"""u8.ToArray()));
        WriteEntry(tar, "index.json", new MemoryStream(Serialize(newIndex)));
        WriteEntry(tar, "manifest.json", new MemoryStream(Serialize(docker)));
        foreach (var blob in layers.Append(ImageBlobs.Text(configBlob["digest"])).Append(digest).Distinct().Order(StringComparer.Ordinal))
        {
            using var content = blobs.Open(blob);
            WriteEntry(tar, PathOf(blob), content);
        }
        return digest;
    }

    private static FileStream Create(string target) =>
        InputFile.Use(target, () => new FileStream(target, FileMode.CreateNew, FileAccess.Write));

    private static void WriteEntry(TarWriter tar, string name, Stream content) =>
        tar.WriteEntry(new UstarTarEntry(TarEntryType.RegularFile, name)
    {
        DataStream = content,
        Mode = UnixFileMode.UserRead | UnixFileMode.GroupRead | UnixFileMode.OtherRead,
        ModificationTime = DateTimeOffset.UnixEpoch,
    });

    private static string PathOf(string digest) => $"blobs/sha256/{digest["sha256:".Length..]}";

    private static byte[] Serialize(JsonNode node) => Encoding.UTF8.GetBytes(node.ToJsonString());
}
