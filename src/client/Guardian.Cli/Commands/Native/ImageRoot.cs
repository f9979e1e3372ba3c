using System.Formats.Tar;
using System.IO.Compression;
using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using Guardian.Cli.Failures;
using Guardian.Cli.Inputs;
using Guardian.Refusals;
using Guardian.Runtime.Images;

namespace Guardian.Cli.Commands.Native;

/// <summary>The file system of an OCI image, and how it is started.</summary>
/// <param name="Tree">Its files.</param>
/// <param name="Command">The program and its arguments; empty when the image names none.</param>
/// <param name="Environment">Its variables, <c>NAME=VALUE</c>.</param>
/// <param name="WorkingFolder">Its working directory.</param>
internal sealed record ImageRoot(
    RootTree Tree, IReadOnlyList<string> Command, IReadOnlyList<string> Environment, string WorkingFolder)
{
    private const string Whiteout = ".wh.";
    private const string Opaque = ".wh..wh..opq";
    private const int MaxLayers = 200;
    private const long MaxContentSize = 16L * 1024 * 1024 * 1024;

    private static readonly string Machine = RuntimeInformation.OSArchitecture == Architecture.Arm64 ? "arm64" : "amd64";

    /// <summary>Reads an image layout. Each blob is verified against the digest that names it.</summary>
    /// <param name="layout">The layout's folder.</param>
    /// <param name="work">An empty folder for the files' bytes.</param>
    /// <param name="source">The place that the user named: the layout, or the archive from which it comes.</param>
    /// <exception cref="RefusedException">The layout is malformed, or has no image for this machine.</exception>
    public static ImageRoot Read(string layout, string work, string source)
    {
        try
        {
            return ReadCore(layout, work);
        }
        catch (Exception failure) when (failure is EndOfStreamException || (failure is not IOException && OciImage.IsMalformed(failure)))
        {
            throw new RefusedException(
                CliReasons.BadImage.Because($"{source} is no usable OCI image layout: {failure.Message}"), failure);
        }
    }

    private static ImageRoot ReadCore(string layout, string work)
    {
        var blobs = new ImageBlobs(Path.Combine(layout, "blobs", "sha256"));
        var manifest = FindManifest(blobs, ImageBlobs.ReadIndex(layout), depth: 0)
            ?? throw new InvalidDataException($"it has no image for linux/{Machine}");
        var layers = manifest["layers"]?.AsArray() ?? [];
        if (layers.Count > MaxLayers)
        {
            throw new InvalidDataException($"it has more than {MaxLayers} layers");
        }
        var (tree, number, left) = (new RootTree(), 0, MaxContentSize);
        foreach (var layer in layers)
        {
            using var blob = blobs.Open(ImageBlobs.Text(layer?["digest"]));
            var type = ImageBlobs.Text(layer?["mediaType"]);
            using var content = type.EndsWith("gzip", StringComparison.Ordinal) ? new GZipStream(blob, CompressionMode.Decompress)
                : type.EndsWith("tar", StringComparison.Ordinal) ? (Stream)blob
                : throw new InvalidDataException($"a layer is '{type}'; tar and gzip are read");
            Apply(tree, content, work, ref number, ref left);
        }
        var config = blobs.ReadObject(ImageBlobs.Text(manifest["config"]?["digest"]))["config"] as JsonObject;
        return new ImageRoot(
            tree, [.. Texts(config, "Entrypoint"), .. Texts(config, "Cmd")], [.. Texts(config, "Env")],
            config?["WorkingDir"]?.GetValue<string>() is { Length: > 0 } folder ? folder : "/");
    }

    // An index may name images for several machines, and other indexes.
    private static JsonObject? FindManifest(ImageBlobs blobs, JsonObject index, int depth)
    {
        foreach (var entry in index["manifests"]?.AsArray() ?? [])
        {
            if (entry?["platform"]?["architecture"]?.GetValue<string>() is { } machine && machine != Machine)
            {
                continue;
            }
            var found = blobs.ReadObject(ImageBlobs.Text(entry?["digest"]));
            if (found["layers"] is JsonArray)
            {
                return found;
            }
            if (depth < 2 && FindManifest(blobs, found, depth + 1) is { } inner)
            {
                return inner;
            }
        }
        return null;
    }

    // Whiteouts are about the layers below, wherever they are in this one, so its own entries come after them.
    private static void Apply(RootTree tree, Stream content, string work, ref int number, ref long left)
    {
        var additions = new List<Action>();
        using var tar = new TarReader(content);
        while (tar.GetNextEntry() is { } entry)
        {
            var path = "/" + entry.Name.Trim('/');
            var name = Path.GetFileName(path);
            var folder = path[..^name.Length];
            if (name == Opaque)
            {
                tree.Clear(folder);
            }
            else if (name.StartsWith(Whiteout, StringComparison.Ordinal))
            {
                tree.Remove(folder + name[Whiteout.Length..]);
            }
            else if (entry.EntryType == TarEntryType.Directory)
            {
                additions.Add(() => tree.AddFolder(path));
            }
            else if (entry.EntryType == TarEntryType.SymbolicLink)
            {
                additions.Add(() => tree.AddLink(path, entry.LinkName));
            }
            else if (entry.EntryType == TarEntryType.HardLink)
            {
                additions.Add(() => tree.AddFile(path, tree.FindFile("/" + entry.LinkName.TrimStart('/'))
                    ?? throw new InvalidDataException($"{path} is a link to {entry.LinkName}, which is not there")));
            }
            else if (entry.EntryType is TarEntryType.RegularFile or TarEntryType.V7RegularFile)
            {
                left -= entry.Length;
                if (left < 0)
                {
                    throw new InvalidDataException($"it holds more than {MaxContentSize} bytes");
                }
                var file = Path.Combine(work, $"{number++}");
                using (var target = File.Create(file))
                {
                    entry.DataStream?.CopyTo(target);
                }
                additions.Add(() => tree.AddFile(path, new RootFile(file, entry.Mode)));
            }
        }
        additions.ForEach(add => add());
    }

    private static IEnumerable<string> Texts(JsonObject? config, string member) =>
        config?[member] is JsonArray list ? list.Select(ImageBlobs.Text) : [];
}
