using System.Formats.Tar;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Guardian.Runtime.Images;

namespace Guardian.Cli.Inputs;

/// <summary>The blobs of an image, by their digests.</summary>
/// <param name="folder">The folder <c>blobs/sha256</c> of an archive.</param>
internal sealed class ImageBlobs(string folder)
{
    private const string BlobFolder = "blobs/sha256";
    private const int MaxDocumentSize = 1024 * 1024;

    private static readonly string Machine = RuntimeInformation.OSArchitecture == Architecture.Arm64 ? "arm64" : "amd64";

    /// <summary>Unpacks the files of an archive that are those of a layout.</summary>
    /// <param name="archive">The file, tar.</param>
    /// <param name="folder">The folder to unpack it to.</param>
    /// <exception cref="InvalidDataException">It is no archive.</exception>
    public static ImageBlobs Unpack(string archive, string folder)
    {
        using var file = InputFile.Open(archive);
        try
        {
            Directory.CreateDirectory(Path.Combine(folder, BlobFolder));
            using var tar = new TarReader(new ArchiveStream(file, long.MaxValue));
            while (tar.GetNextEntry() is { } entry)
            {
                var name = entry.Name.StartsWith("./", StringComparison.Ordinal) ? entry.Name[2..] : entry.Name;
                if (entry.EntryType is TarEntryType.RegularFile or TarEntryType.V7RegularFile && IsPart(name))
                {
                    using var target = File.Create(Path.Combine(folder, name));
                    entry.DataStream?.CopyTo(target);
                }
            }
        }
        catch (Exception failure) when (failure is EndOfStreamException or FormatException or OverflowException or NotSupportedException)
        {
            throw new InvalidDataException("it is no archive", failure);
        }
        // Bytes that are no archive can look like one without entries.
        return File.Exists(Path.Combine(folder, "index.json"))
            ? new ImageBlobs(Path.Combine(folder, BlobFolder))
            : throw new InvalidDataException(
                "it has no index.json, which Docker writes from version 25 on (skopeo copy docker-archive:OLD oci-archive:NEW adds it)");
    }

    /// <summary>Finds the image of a layout for this machine.</summary>
    /// <returns>The digest of its manifest, <c>sha256:HEX</c>.</returns>
    /// <exception cref="InvalidDataException">There is none.</exception>
    public static string FindImage(string layout) =>
        new OciLayout(layout).FindImage(Machine) ?? throw new InvalidDataException($"it has no image for linux/{Machine}");

    /// <summary>A member that is a text.</summary>
    /// <exception cref="InvalidDataException">It is missing.</exception>
    public static string Text(JsonNode? node) => node?.GetValue<string>() ?? throw new InvalidDataException("a member is missing");

    /// <summary>Reads a document.</summary>
    public JsonObject ReadObject(string digest)
    {
        using var blob = Open(digest);
        if (blob.Length > MaxDocumentSize)
        {
            throw new InvalidDataException($"the document {digest} is too large");
        }
        return JsonNode.Parse(blob) as JsonObject ?? throw new InvalidDataException($"{digest} is no object");
    }

    /// <summary>Opens a blob that has the bytes that its digest names.</summary>
    public FileStream Open(string digest)
    {
        var hex = digest.StartsWith("sha256:", StringComparison.Ordinal) ? digest["sha256:".Length..] : "";
        if (!IsHash(hex))
        {
            throw new InvalidDataException($"'{digest}' is no sha256 digest");
        }
        var path = Path.Combine(folder, hex);
        if (!File.Exists(path))
        {
            throw new InvalidDataException($"the blob {digest} is missing");
        }
        var file = File.OpenRead(path);
        if (Convert.ToHexStringLower(SHA256.HashData(file)) != hex)
        {
            file.Dispose();
            throw new InvalidDataException($"the blob {digest} does not match its digest");
        }
        file.Position = 0;
        return file;
    }

    /// <summary>Adds a blob, and describes it.</summary>
    public JsonObject Add(byte[] content, string mediaType)
    {
        var hex = Convert.ToHexStringLower(SHA256.HashData(content));
        File.WriteAllBytes(Path.Combine(folder, hex), content);
        return new JsonObject { ["mediaType"] = mediaType, ["digest"] = $"sha256:{hex}", ["size"] = content.Length };
    }

    private static bool IsPart(string name) => name == "index.json"
        || (name.StartsWith(BlobFolder + "/", StringComparison.Ordinal) && IsHash(name[(BlobFolder.Length + 1)..]));

    private static bool IsHash(string text) => text.Length == 64 && text.All(char.IsAsciiHexDigitLower);
}
