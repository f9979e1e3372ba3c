using System.Buffers;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Guardian.Runtime.Images;

/// <summary>
/// An OCI image layout (image-spec 1.1, image-layout.md): a table of images, and blobs that are verified against the digests that name
/// them. Each failure is an exception of <see cref="OciImage.IsMalformed"/>.
/// </summary>
/// <param name="folder">The layout's folder.</param>
public sealed class OciLayout(string folder)
{
    // A manifest or an index only names blobs.
    private const int MaxDocumentSize = 1024 * 1024;
    private const int MaxIndexes = 32;

    // Statements about an image are for no machine.
    private const string NoMachine = "unknown";

    // Layouts keep the types of the registry from which an image comes (Docker's image manifest version 2, schema 2).
    private static readonly string[] IndexTypes =
        ["application/vnd.oci.image.index.v1+json", "application/vnd.docker.distribution.manifest.list.v2+json"];
    private static readonly string[] ManifestTypes =
        [OciImage.ManifestType, "application/vnd.docker.distribution.manifest.v2+json"];

    private static readonly SearchValues<char> Digits = SearchValues.Create("0123456789abcdef");

    /// <summary>Finds the image for a machine with Linux: the first that is for it, or for no machine in particular.</summary>
    /// <param name="architecture">The machine's architecture, such as <c>amd64</c>.</param>
    /// <returns>The digest of its manifest, <c>sha256:HEX</c>; null when there is none.</returns>
    public string? FindImage(string architecture) => ListImages().FirstOrDefault(
        image => image.Platform is null || (image.Platform.Architecture == architecture && image.Platform.Os == "linux"))?.Digest;

    /// <summary>Lists the manifests of images, also those in indexes that the table names. Each digest comes once.</summary>
    internal IReadOnlyList<OciDescriptor> ListImages()
    {
        var images = new Dictionary<string, OciDescriptor>(StringComparer.Ordinal);
        var left = MaxIndexes;
        Add(ReadFile(Path.Combine(folder, "index.json"), MaxDocumentSize));
        return [.. images.Values];

        void Add(byte[] index)
        {
            foreach (var entry in Parse(index, OciJson.Default.OciIndex).Manifests ?? [])
            {
                if (IndexTypes.Contains(entry?.MediaType))
                {
                    Add(--left > 0 ? ReadBlob(entry, MaxDocumentSize) : throw new InvalidDataException(
                        $"it has more than {MaxIndexes} indexes"));
                }
                else if (ManifestTypes.Contains(entry?.MediaType) && entry!.Platform?.Architecture != NoMachine)
                {
                    images.TryAdd(ReadDigest(entry), entry);
                }
            }
        }
    }

    /// <summary>Reads a manifest or a configuration.</summary>
    internal T ReadDocument<T>(OciDescriptor? descriptor, JsonTypeInfo<T> type) => Parse(ReadBlob(descriptor, MaxDocumentSize), type);

    /// <summary>Reads a blob that has the size and the digest of its descriptor.</summary>
    /// <param name="descriptor">Its descriptor; null for one that is missing, which is malformed.</param>
    /// <param name="maxSize">The most bytes.</param>
    internal byte[] ReadBlob(OciDescriptor? descriptor, long maxSize)
    {
        var digest = ReadDigest(descriptor);
        var path = Path.Combine(folder, "blobs", "sha256", digest);
        var blob = File.Exists(path) ? ReadFile(path, maxSize) : throw new InvalidDataException($"the blob sha256:{digest} is missing");
        return blob.Length == descriptor!.Size && Convert.ToHexStringLower(SHA256.HashData(blob)) == digest
            ? blob
            : throw new InvalidDataException($"the blob sha256:{digest} does not match its digest or its size");
    }

    /// <summary>Reads a digest.</summary>
    /// <returns>64 lower-case hex digits.</returns>
    internal static string ReadDigest(OciDescriptor? descriptor)
    {
        const string prefix = "sha256:";
        var digest = descriptor?.Digest ?? throw new InvalidDataException("a blob is named without its digest");
        return digest.StartsWith(prefix, StringComparison.Ordinal)
            && digest.Length == prefix.Length + (2 * SHA256.HashSizeInBytes)
            && !digest.AsSpan(prefix.Length).ContainsAnyExcept(Digits)
            ? digest[prefix.Length..]
            : throw new InvalidDataException($"'{digest}' is no sha256 digest");
    }

    private static T Parse<T>(byte[] document, JsonTypeInfo<T> type) =>
        JsonSerializer.Deserialize(document, type) ?? throw new InvalidDataException("a document is empty");

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
}
