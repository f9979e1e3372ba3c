using System.Buffers;
using System.Formats.Tar;
using System.IO.Compression;
using System.Security.Cryptography;
using System.Text.Json;
using Guardian.Refusals;
using Guardian.Runtime.Base;

namespace Guardian.Runtime.Images;

/// <summary>
/// A program, its files and the name of its session as an OCI image layout (image-spec 1.1), the format of registries for Docker and
/// Kubernetes. Every blob is verified against the digest that names it. The manifest's own digest covers them all, and a session can demand
/// it (docs/spec/image.md).
/// </summary>
public sealed record OciImage
{
    /// <summary>Annotation of the manifest: <c>SESSION/SERVICE</c>.</summary>
    public const string SessionAnnotation = "org.guardian.session";

    /// <summary>Annotation of the manifest: address of the CAS.</summary>
    public const string CasAnnotation = "org.guardian.cas";

    /// <summary>Media type of a manifest.</summary>
    public const string ManifestType = "application/vnd.oci.image.manifest.v1+json";

    /// <summary>Media type of a configuration.</summary>
    public const string ConfigType = "application/vnd.oci.image.config.v1+json";

    /// <summary>Media type of a compressed layer.</summary>
    public const string LayerType = "application/vnd.oci.image.layer.v1.tar+gzip";
    internal const string PlainLayerType = "application/vnd.oci.image.layer.v1.tar";

    // A manifest only names blobs.
    private const int MaxDocumentSize = 1024 * 1024;

    // The runtime holds all files of an image in memory while the program starts.
    private const long MaxContentSize = 512L * 1024 * 1024;
    private const int MaxFiles = 10_000;
    private const int MaxLayers = 100;

    private static readonly SearchValues<char> Digits = SearchValues.Create("0123456789abcdef");

    /// <summary>SHA-256 of the manifest, lower-case hex. It covers everything in the image.</summary>
    public required string Digest { get; init; }

    /// <summary>The program's module.</summary>
    public required byte[] Program { get; init; }

    /// <summary>The other files.</summary>
    public required IReadOnlyList<ImageFile> Files { get; init; }

    /// <summary>Session and service, if the image names them.</summary>
    public required string? Session { get; init; }

    /// <summary>Address of the CAS, if the image names one.</summary>
    public required string? Cas { get; init; }

    /// <summary>Reads and verifies an image.</summary>
    /// <param name="layout">The layout's folder, with one manifest for the architecture wasm.</param>
    /// <returns>The image, or a refusal with reason <see cref="RuntimeReasons.BadImage"/>.</returns>
    public static Outcome<OciImage> Read(string layout)
    {
        try
        {
            return ReadCore(layout);
        }
        catch (Exception failure)
            when (failure is JsonException or InvalidDataException or FormatException or IOException or ArgumentException)
        {
            return RuntimeReasons.BadImage.Because($"{layout} is no usable OCI image layout: {failure.Message}");
        }
    }

    private static OciImage ReadCore(string layout)
    {
        var index = JsonSerializer.Deserialize(ReadFile(Path.Combine(layout, "index.json"), MaxDocumentSize), OciJson.Default.OciIndex)
            ?? throw new InvalidDataException("index.json is empty");
        var descriptor = index.Manifests.Where(IsProgram).ToList() is [var only]
            ? only
            : throw new InvalidDataException("it must have one manifest for the architecture wasm");
        var manifest = JsonSerializer.Deserialize(ReadBlob(layout, descriptor, MaxDocumentSize), OciJson.Default.OciManifest)
            ?? throw new InvalidDataException("the manifest is empty");
        var config = JsonSerializer.Deserialize(ReadBlob(layout, manifest.Config, MaxDocumentSize), OciJson.Default.OciConfig);
        var entry = config?.Config?.Entrypoint is [var path, ..]
            ? NormalisePath(path)
            : throw new InvalidDataException("the configuration has no Entrypoint");
        if (manifest.Layers.Count > MaxLayers)
        {
            throw new InvalidDataException($"it has more than {MaxLayers} layers");
        }
        var files = new Dictionary<string, byte[]>(StringComparer.Ordinal);
        var left = MaxContentSize;
        foreach (var layer in manifest.Layers)
        {
            ReadLayer(ReadBlob(layout, layer, MaxContentSize), layer.MediaType, files, ref left);
        }
        return new OciImage
        {
            Digest = ReadDigest(descriptor),
            Program = files.Remove(entry, out var program)
                ? program
                : throw new InvalidDataException($"its program {entry} is in no layer"),
            Files = [.. files.Select(file => new ImageFile(file.Key, file.Value))],
            Session = manifest.Annotations?.GetValueOrDefault(SessionAnnotation),
            Cas = manifest.Annotations?.GetValueOrDefault(CasAnnotation),
        };
    }

    private static bool IsProgram(OciDescriptor descriptor) =>
        descriptor.MediaType == ManifestType && descriptor.Platform is null or { Architecture: "wasm" };

    private static void ReadLayer(byte[] blob, string mediaType, Dictionary<string, byte[]> files, ref long left)
    {
        using var bytes = new MemoryStream(blob);
        using Stream content = mediaType switch
        {
            LayerType => new GZipStream(bytes, CompressionMode.Decompress),
            PlainLayerType => bytes,
            _ => throw new InvalidDataException($"layers of type {mediaType} cannot be read"),
        };
        using var tar = new TarReader(content);
        while (tar.GetNextEntry() is { } entry)
        {
            var path = NormalisePath(entry.Name);
            var name = Path.GetFileName(path);
            const string whiteout = ".wh.";
            if (name.StartsWith(whiteout, StringComparison.Ordinal))
            {
                // This layer removes a path of the layers below.
                var removed = Path.Combine(Path.GetDirectoryName(path)!, name[whiteout.Length..]);
                bool IsRemoved(string key) => key == removed || key.StartsWith(removed + "/", StringComparison.Ordinal);
                foreach (var key in files.Keys.Where(IsRemoved).ToList())
                {
                    files.Remove(key);
                }
                continue;
            }
            if (entry.EntryType is not (TarEntryType.RegularFile or TarEntryType.V7RegularFile))
            {
                if (entry.EntryType is TarEntryType.Directory or TarEntryType.GlobalExtendedAttributes)
                {
                    continue;
                }
                throw new InvalidDataException($"{path} is a {entry.EntryType}; an image for a program has only files and folders");
            }
            left -= entry.Length;
            if (left < 0 || files.Count >= MaxFiles)
            {
                throw new InvalidDataException($"it holds more than {MaxContentSize} bytes or {MaxFiles} files");
            }
            var file = new byte[entry.Length];
            entry.DataStream?.ReadExactly(file);
            files[path] = file;
        }
    }

    private static byte[] ReadBlob(string layout, OciDescriptor descriptor, long maxSize)
    {
        var blob = ReadFile(Path.Combine(layout, "blobs", "sha256", ReadDigest(descriptor)), maxSize);
        return blob.Length == descriptor.Size && Convert.ToHexStringLower(SHA256.HashData(blob)) == ReadDigest(descriptor)
            ? blob
            : throw new InvalidDataException($"the blob {descriptor.Digest} does not match its digest");
    }

    private static byte[] ReadFile(string path, long maxSize)
    {
        using var file = File.OpenRead(path);
        if (file.Length > maxSize)
        {
            throw new InvalidDataException($"{Path.GetFileName(path)} has more than {maxSize} bytes");
        }
        var content = new byte[file.Length];
        file.ReadExactly(content);
        return content;
    }

    private static string ReadDigest(OciDescriptor descriptor)
    {
        const string prefix = "sha256:";
        var digest = descriptor.Digest;
        return digest.StartsWith(prefix, StringComparison.Ordinal)
            && digest.Length == prefix.Length + (2 * SHA256.HashSizeInBytes)
            && !digest.AsSpan(prefix.Length).ContainsAnyExcept(Digits)
            ? digest[prefix.Length..]
            : throw new InvalidDataException($"'{digest}' is no sha256 digest");
    }

    private static string NormalisePath(string path)
    {
        var parts = path.Split('/').Where(part => part is not ("" or ".")).ToList();
        return parts.Contains("..") ? throw new InvalidDataException($"'{path}' leads out of the image") : "/" + string.Join('/', parts);
    }
}
