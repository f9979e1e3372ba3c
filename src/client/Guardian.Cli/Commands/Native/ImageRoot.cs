using System.Formats.Tar;
using System.IO.Compression;
using System.Text.Json.Nodes;
using Guardian.Cli.Failures;
using Guardian.Cli.Inputs;
using Guardian.Refusals;
using Guardian.Runtime.Images;

namespace Guardian.Cli.Commands.Native;

/// <summary>The file system of an OCI image, and how it is started.</summary>
/// <param name="Digest">The digest of its manifest, <c>sha256:HEX</c>; null for a plain folder.</param>
/// <param name="Files">Its files, which are unpacked when they are needed.</param>
/// <param name="Command">The program and its arguments; empty when the image names none.</param>
/// <param name="Environment">Its variables, <c>NAME=VALUE</c>.</param>
/// <param name="WorkingFolder">Its working directory.</param>
internal sealed record ImageRoot(
    string? Digest, Lazy<RootTree> Files, IReadOnlyList<string> Command, IReadOnlyList<string> Environment, string WorkingFolder)
{
    private const string Whiteout = ".wh.";
    private const string Opaque = ".wh..wh..opq";
    private const int MaxLayers = 200;
    private const int MaxEntries = 1_000_000;
    private const long MaxContentSize = 16L * 1024 * 1024 * 1024;

    /// <summary>Reads an image layout. Each blob is verified against the digest that names it.</summary>
    /// <param name="layout">The layout's folder.</param>
    /// <param name="work">An empty folder for the files' bytes.</param>
    /// <param name="source">The place that the user named: the layout, or the archive from which it comes.</param>
    /// <exception cref="RefusedException">The layout is malformed, or has no image for this machine; so may its files be, when they are
    /// unpacked.</exception>
    public static ImageRoot Read(string layout, string work, string source) => Use(source, () =>
    {
        var blobs = new ImageBlobs(Path.Combine(layout, "blobs", "sha256"));
        var digest = ImageBlobs.FindImage(layout);
        var manifest = blobs.ReadObject(digest);
        var config = blobs.ReadObject(ImageBlobs.Text(manifest["config"]?["digest"]))["config"] as JsonObject;
        return new ImageRoot(
            digest, new Lazy<RootTree>(() => Use(source, () => Unpack(blobs, manifest["layers"]?.AsArray() ?? [], work))),
            [.. Texts(config, "Entrypoint"), .. Texts(config, "Cmd")], [.. Texts(config, "Env")],
            config?["WorkingDir"]?.GetValue<string>() is { Length: > 0 } folder ? folder : "/");
    });

    private static T Use<T>(string source, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception failure) when (failure is EndOfStreamException || (failure is not IOException && OciImage.IsMalformed(failure)))
        {
            throw new RefusedException(
                CliReasons.BadImage.Because($"{source} is no usable OCI image layout: {failure.Message}"), failure);
        }
    }

    private static RootTree Unpack(ImageBlobs blobs, JsonArray layers, string work)
    {
        if (layers.Count > MaxLayers)
        {
            throw new InvalidDataException($"it has more than {MaxLayers} layers");
        }
        var (tree, number, left) = (new RootTree(), 0, MaxContentSize);
        foreach (var layer in layers)
        {
            using var blob = blobs.Open(ImageBlobs.Text(layer?["digest"]));
            var type = ImageBlobs.Text(layer?["mediaType"]);
            using var content = new ArchiveStream(
                type.EndsWith("gzip", StringComparison.Ordinal) ? new GZipStream(blob, CompressionMode.Decompress)
                    : type.EndsWith("tar", StringComparison.Ordinal) ? blob
                    : throw new InvalidDataException($"a layer is '{type}'; tar and gzip are read"),
                left);
            Apply(tree, content, work, ref number);
            left = content.Left;
        }
        return tree;
    }

    // Whiteouts are about the layers below, wherever they are in this one, so its own entries come after them.
    private static void Apply(RootTree tree, Stream content, string work, ref int number)
    {
        var additions = new List<Action>();
        using var tar = new TarReader(content);
        while (tar.GetNextEntry() is { } entry)
        {
            if (additions.Count >= MaxEntries)
            {
                throw new InvalidDataException($"a layer has more than {MaxEntries} entries");
            }
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
