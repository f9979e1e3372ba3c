using System.Formats.Tar;
using System.IO.Compression;
using System.Security.Cryptography;
using System.Text.Json;

namespace Guardian.Runtime.Images;

/// <summary>Writes an <see cref="OciImage"/>. The same files give the same bytes, so the same digest.</summary>
public static class OciWriter
{
    /// <summary>The path of the program in the images that are written here.</summary>
    public const string ProgramPath = "/program.wasm";

    /// <summary>Writes an image layout.</summary>
    /// <param name="layout">The folder; created when it is missing. The new image replaces one that the layout has; blobs of that one
    /// stay.</param>
    /// <param name="program">The module.</param>
    /// <param name="files">The other files.</param>
    /// <param name="session"><c>SESSION/SERVICE</c>, or null.</param>
    /// <param name="cas">Address of the CAS, or null.</param>
    /// <param name="name">The name for tools that import the layout, such as <c>registry.example/app:1</c>; outside the digest.</param>
    /// <returns>The manifest's digest, lower-case hex.</returns>
    public static string Write(
        string layout, byte[] program, IEnumerable<ImageFile> files, string? session, string? cas, string? name = null)
    {
        ArgumentNullException.ThrowIfNull(program);
        ArgumentNullException.ThrowIfNull(files);
        var blobFolder = Directory.CreateDirectory(Path.Combine(layout, "blobs", "sha256")).FullName;
        var (packed, diff) = PackLayer(files.Append(new ImageFile(ProgramPath, program)));
        var layer = WriteBlob(blobFolder, packed, OciImage.LayerType);
        var layers = new OciRootFs("layers", [diff]);
        var config = new OciConfig("wasm", "wasi", new OciExecution([ProgramPath]), layers);
        var annotations = new SortedDictionary<string, string>(StringComparer.Ordinal);
        if (session is not null)
        {
            annotations[OciImage.SessionAnnotation] = session;
        }
        if (cas is not null)
        {
            annotations[OciImage.CasAnnotation] = cas;
        }
        var configBlob = WriteBlob(blobFolder, JsonSerializer.SerializeToUtf8Bytes(config, OciJson.Default.OciConfig), OciImage.ConfigType);
        var manifest = new OciManifest(2, OciImage.ManifestType, configBlob, [layer], annotations.Count > 0 ? annotations : null);
        var manifestBytes = JsonSerializer.SerializeToUtf8Bytes(manifest, OciJson.Default.OciManifest);
        var named = WriteBlob(blobFolder, manifestBytes, OciImage.ManifestType) with
        {
            Platform = new OciPlatform("wasm", "wasi"),
            Annotations = Name(name),
        };
        var index = new OciIndex(2, [named], "application/vnd.oci.image.index.v1+json");
        File.WriteAllBytes(Path.Combine(layout, "index.json"), JsonSerializer.SerializeToUtf8Bytes(index, OciJson.Default.OciIndex));
        File.WriteAllText(Path.Combine(layout, "oci-layout"), """{"imageLayoutVersion":"1.0.0"}""");
        return named.Digest!["sha256:".Length..];
    }

    /// <summary>Packs files as a layer. The same files give the same bytes.</summary>
    /// <returns>The compressed layer, and the digest of its content before, <c>sha256:HEX</c>.</returns>
    public static (byte[] Layer, string DiffId) PackLayer(IEnumerable<ImageFile> files)
    {
        var tar = Pack(files);
        return (Compress(tar), $"sha256:{Convert.ToHexStringLower(SHA256.HashData(tar))}");
    }

    /// <summary>The annotations by which Docker, containerd and skopeo name an image that they import.</summary>
    /// <param name="name">NAME:TAG; null for the tag <c>latest</c> without a name.</param>
    public static IReadOnlyDictionary<string, string> Name(string? name)
    {
        const string tag = "org.opencontainers.image.ref.name";
        if (name is null)
        {
            return new Dictionary<string, string> { [tag] = "latest" };
        }
        var colon = name.LastIndexOf(':');
        return new SortedDictionary<string, string>(StringComparer.Ordinal)
        {
            ["io.containerd.image.name"] = name,
            [tag] = colon > name.LastIndexOf('/') ? name[(colon + 1)..] : "latest",
        };
    }

    private static byte[] Pack(IEnumerable<ImageFile> files)
    {
        using var bytes = new MemoryStream();
        // The headers of the format Pax have the number of this process in them.
        using (var tar = new TarWriter(bytes, TarEntryFormat.Gnu, leaveOpen: true))
        {
            foreach (var file in files.OrderBy(file => file.Path, StringComparer.Ordinal))
            {
                var entry = new GnuTarEntry(TarEntryType.RegularFile, file.Path.TrimStart('/'))
                {
                    DataStream = new MemoryStream(file.Content),
                    Mode = UnixFileMode.UserRead | UnixFileMode.GroupRead | UnixFileMode.OtherRead,
                    ModificationTime = DateTimeOffset.UnixEpoch,
                };
                tar.WriteEntry(entry);
            }
        }
        return bytes.ToArray();
    }

    private static byte[] Compress(byte[] tar)
    {
        using var bytes = new MemoryStream();
        using (var gzip = new GZipStream(bytes, CompressionLevel.Optimal, leaveOpen: true))
        {
            gzip.Write(tar);
        }
        return bytes.ToArray();
    }

    private static OciDescriptor WriteBlob(string blobFolder, byte[] content, string mediaType)
    {
        var hex = Convert.ToHexStringLower(SHA256.HashData(content));
        File.WriteAllBytes(Path.Combine(blobFolder, hex), content);
        return new OciDescriptor(mediaType, $"sha256:{hex}", content.Length);
    }
}
