using System.Formats.Tar;
using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Guardian.Runtime.Images;

/// <summary>Writes an <see cref="OciImage"/>. The same files give the same bytes, so the same digest.</summary>
public static class OciWriter
{
    private const string ProgramPath = "program.wasm";

    /// <summary>Writes a layout.</summary>
    /// <param name="layout">The folder; made when it is not there. What it holds of another image is replaced as the layout's own image, blobs stay.</param>
    /// <param name="program">The module.</param>
    /// <param name="files">The other files.</param>
    /// <param name="session"><c>SESSION/SERVICE</c>, or null.</param>
    /// <param name="cas">Address of the CAS, or null.</param>
    /// <returns>The manifest's digest, lower-case hex.</returns>
    public static string Write(string layout, byte[] program, IEnumerable<ImageFile> files, string? session, string? cas)
    {
        ArgumentNullException.ThrowIfNull(program);
        ArgumentNullException.ThrowIfNull(files);
        var blobs = Directory.CreateDirectory(Path.Combine(layout, "blobs", "sha256")).FullName;
        var tar = Pack(files.Append(new ImageFile("/" + ProgramPath, program)));
        var layer = Put(blobs, Compress(tar), OciImage.LayerType);
        var config = new OciConfig("wasm", "wasi", new OciExecution(["/" + ProgramPath]), new OciRootFs("layers", [$"sha256:{Convert.ToHexStringLower(SHA256.HashData(tar))}"]));
        var annotations = new SortedDictionary<string, string>(StringComparer.Ordinal);
        if (session is not null)
        {
            annotations[OciImage.SessionAnnotation] = session;
        }
        if (cas is not null)
        {
            annotations[OciImage.CasAnnotation] = cas;
        }
        var manifest = new OciManifest(
            2, OciImage.ManifestType, Put(blobs, JsonSerializer.SerializeToUtf8Bytes(config, OciJson.Default.OciConfig), OciImage.ConfigType), [layer],
            annotations.Count > 0 ? annotations : null);
        var named = Put(blobs, JsonSerializer.SerializeToUtf8Bytes(manifest, OciJson.Default.OciManifest), OciImage.ManifestType) with { Platform = new OciPlatform("wasm", "wasi") };
        var index = new OciIndex(2, [named], "application/vnd.oci.image.index.v1+json");
        File.WriteAllBytes(Path.Combine(layout, "index.json"), JsonSerializer.SerializeToUtf8Bytes(index, OciJson.Default.OciIndex));
        File.WriteAllText(Path.Combine(layout, "oci-layout"), """{"imageLayoutVersion":"1.0.0"}""");
        return named.Digest["sha256:".Length..];
    }

    private static byte[] Pack(IEnumerable<ImageFile> files)
    {
        using var bytes = new MemoryStream();
        using (var tar = new TarWriter(bytes, TarEntryFormat.Pax, leaveOpen: true))
        {
            foreach (var file in files.OrderBy(file => file.Path, StringComparer.Ordinal))
            {
                var entry = new PaxTarEntry(TarEntryType.RegularFile, file.Path.TrimStart('/'))
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

    private static OciDescriptor Put(string blobs, byte[] content, string mediaType)
    {
        var hex = Convert.ToHexStringLower(SHA256.HashData(content));
        File.WriteAllBytes(Path.Combine(blobs, hex), content);
        return new OciDescriptor(mediaType, $"sha256:{hex}", content.Length);
    }
}
