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

    // The runtime holds all files of an image in memory while the program starts.
    private const long MaxContentSize = 512L * 1024 * 1024;
    private const int MaxFiles = 10_000;
    private const int MaxLayers = 100;

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
    /// <param name="layout">The layout's folder, with one image, or one for the architecture wasm.</param>
    /// <returns>The image, or a refusal with reason <see cref="RuntimeReasons.BadImage"/>.</returns>
    public static Outcome<OciImage> Read(string layout)
    {
        try
        {
            return ReadCore(layout);
        }
        catch (Exception failure) when (IsMalformed(failure))
        {
            return RuntimeReasons.BadImage.Because($"{layout} is no usable OCI image layout: {failure.Message}");
        }
    }

    /// <summary>Whether an exception means that a file of an image is malformed or cannot be read.</summary>
    /// <param name="failure">The exception of a reader of JSON, tar or gzip.</param>
    public static bool IsMalformed(Exception failure) => failure is JsonException or InvalidDataException or FormatException
        or IOException or ArgumentException or InvalidOperationException or OverflowException or NotSupportedException;

    private static OciImage ReadCore(string folder)
    {
        var layout = new OciLayout(folder);
        var descriptor = FindProgram(layout.ListImages());
        var manifest = layout.ReadDocument(descriptor, OciJson.Default.OciManifest);
        var execution = layout.ReadDocument(manifest.Config, OciJson.Default.OciConfig).Config;
        var words = execution?.Entrypoint is { Count: > 0 } entrypoint ? entrypoint : execution?.Cmd;
        var entry = words is [{ } path, ..]
            ? NormalisePath(path)
            : throw new InvalidDataException("the configuration has no Entrypoint and no Cmd");
        if (manifest.Layers?.Count > MaxLayers)
        {
            throw new InvalidDataException($"it has more than {MaxLayers} layers");
        }
        var layers = new ImageLayers(MaxContentSize, MaxFiles);
        foreach (var layer in manifest.Layers ?? [])
        {
            layers.Add(layout.ReadBlob(layer, MaxContentSize), layer!.MediaType);
        }
        var files = layers.Files;
        return new OciImage
        {
            Digest = OciLayout.ReadDigest(descriptor),
            Program = files.Remove(entry, out var program)
                ? program
                : throw new InvalidDataException($"its program {entry} is in no layer"),
            Files = [.. files.Select(file => new ImageFile(file.Key, file.Value))],
            Session = manifest.Annotations?.GetValueOrDefault(SessionAnnotation),
            Cas = manifest.Annotations?.GetValueOrDefault(CasAnnotation),
        };
    }

    // Tools that build for the machine that they run on say so of a module too.
    private static OciDescriptor FindProgram(IReadOnlyList<OciDescriptor> images) =>
        images.Where(image => image.Platform is null or { Architecture: "wasm" }).ToList() is [var program] ? program
        : images is [var only] ? only
        : throw new InvalidDataException($"it has {images.Count} images; it must have one, or one for the architecture wasm");

    /// <summary>Makes a path absolute, without "." and empty parts.</summary>
    /// <exception cref="InvalidDataException">It has "..".</exception>
    internal static string NormalisePath(string path)
    {
        var parts = path.Split('/').Where(part => part is not ("" or ".")).ToList();
        return parts.Contains("..") ? throw new InvalidDataException($"'{path}' leads out of the image") : "/" + string.Join('/', parts);
    }
}
