using System.Text.Json;
using System.Text.Json.Nodes;
using Guardian.Cli.Commands.Native;
using Guardian.Cli.Failures;
using Guardian.Cli.Inputs;
using Guardian.Cli.Installation;
using Guardian.Refusals;

namespace Guardian.Cli.Commands.Nodes;

/// <summary>The OCI runtime on a node: the program, its settings, and the root of its containers.</summary>
/// <param name="prefix">Their folder.</param>
internal sealed class RuntimeFiles(string prefix)
{
    /// <summary>The OCI runtime.</summary>
    public string Program => Path.Combine(prefix, "guardian-oci");

    /// <summary>Writes all files. Containers that run keep the root of an earlier version.</summary>
    /// <param name="image">The archive of the image guardian-runtime.</param>
    /// <param name="state">The folder for what programs leave.</param>
    /// <param name="runc">The OCI runtime that does the work.</param>
    /// <param name="cas">The CAS of containers that name none; null for none.</param>
    /// <exception cref="RefusedException">The image is malformed, or guardian-oci is not installed here.</exception>
    public void Install(string image, string state, string runc, string? cas)
    {
        var source = Path.Combine(InstalledProgram.Oci.Directory, InstalledProgram.Oci.Name);
        if (!InstalledProgram.Oci.IsNative)
        {
            throw CliReasons.NotInstalled.Refuse($"there is no native guardian-oci at {source}", "build it: deploy/native/build");
        }
        var work = Directory.CreateTempSubdirectory("guardian-runtime-");
        try
        {
            var layout = work.CreateSubdirectory("layout").FullName;
            _ = ImageBlobs.Unpack(image, layout);
            var root = ImageRoot.Read(layout, work.CreateSubdirectory("files").FullName, image);
            var rootfs = Path.Combine(prefix, $"rootfs-{root.Digest!["sha256:".Length..][..16]}");
            Directory.CreateDirectory(prefix);
            if (!Directory.Exists(rootfs))
            {
                WriteRoot(root.Files.Value, rootfs);
            }
            Replace(Program, next => File.Copy(source, next));
            File.SetUnixFileMode(Program, (UnixFileMode)0x1ED);
            Directory.CreateDirectory(state);
            Replace(Path.Combine(prefix, "guardian-oci.json"), next => File.WriteAllText(next, new JsonObject
            {
                ["runc"] = runc,
                ["rootfs"] = rootfs,
                ["state"] = state,
                ["entrypoint"] = Words(root.Command),
                ["environment"] = Words(root.Environment),
                ["cas"] = cas,
            }.ToJsonString() + "\n"));
        }
        catch (Exception failure) when (failure is JsonException or InvalidDataException or FormatException or InvalidOperationException
            or ArgumentException or NullReferenceException)
        {
            throw new RefusedException(
                CliReasons.BadImage.Because($"{image} is no archive of Guardian's runtime: {failure.Message}"), failure);
        }
        finally
        {
            work.Delete(recursive: true);
        }
    }

    /// <summary>Deletes all files. What programs left stays.</summary>
    public void Remove()
    {
        if (!Directory.Exists(prefix))
        {
            return;
        }
        foreach (var file in new[] { Program, Path.Combine(prefix, "guardian-oci.json") })
        {
            File.Delete(file);
        }
        foreach (var rootfs in Directory.GetDirectories(prefix, "rootfs-*"))
        {
            Directory.Delete(rootfs, recursive: true);
        }
        if (!Directory.EnumerateFileSystemEntries(prefix).Any())
        {
            Directory.Delete(prefix);
        }
    }

    private static JsonArray Words(IReadOnlyList<string> words) => [.. words.Select(word => (JsonNode)word)];

    private static void WriteRoot(RootTree tree, string rootfs)
    {
        var next = rootfs + ".new";
        if (Directory.Exists(next))
        {
            Directory.Delete(next, recursive: true);
        }
        tree.CopyTo(next);

        // Engines mount these, and the root is shared and read-only.
        foreach (var folder in new[] { "proc", "sys", "dev", "tmp", "image", "volumes", "run/guardian", "var/lib/guardian", "etc" })
        {
            Directory.CreateDirectory(Path.Combine(next, folder));
        }
        foreach (var file in new[] { "etc/hosts", "etc/hostname", "etc/resolv.conf" })
        {
            File.AppendAllText(Path.Combine(next, file), "");
        }
        Directory.Move(next, rootfs);
    }

    private static void Replace(string path, Action<string> write)
    {
        var next = path + ".new";
        File.Delete(next);
        write(next);
        File.Move(next, path, overwrite: true);
    }
}
