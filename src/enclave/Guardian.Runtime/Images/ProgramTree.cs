using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Guardian.Files;
using Guardian.Files.Host;
using Guardian.Refusals;
using Guardian.Runtime.Base;

namespace Guardian.Runtime.Images;

/// <summary>
/// A program and its files as a container engine unpacked them from an image. Engines keep no digest beside unpacked files, so the tree has
/// one of its own: it covers the path and the content of each file, and says which of them is the program (docs/spec/image.md).
/// </summary>
public static class ProgramTree
{
    // A module begins with a zero byte and a manifest with a brace: no other digest that sessions name is of bytes that begin like this.
    private const string Header = "guardian tree v1\n";

    // The runtime holds all files in memory while the program starts.
    private const long MaxContentSize = 512L * 1024 * 1024;
    private const int MaxFiles = 10_000;
    private const int MaxFolders = 10_000;

    // Container engines put these beside the files of an image. They are no part of the tree, and the program does not see them.
    private static readonly HashSet<string> EngineFolders = ["/dev", "/proc", "/sys"];
    private static readonly HashSet<string> EngineFiles =
        ["/.dockerenv", "/run/.containerenv", "/etc/hostname", "/etc/hosts", "/etc/mtab", "/etc/resolv.conf"];

    /// <summary>Reads all files of a tree, each once: the digest is of the bytes that are returned.</summary>
    /// <param name="folder">The root of the tree.</param>
    /// <param name="program">The absolute path of the program in it.</param>
    /// <returns>The program and its files, or a refusal with reason <see cref="RuntimeReasons.BadImage"/>: the tree is too large, or has
    /// links, devices or names that are no text, or lacks the program.</returns>
    public static Outcome<OciImage> Read(string folder, string program)
    {
        try
        {
            var files = new Dictionary<string, byte[]>(StringComparer.Ordinal);
            var left = MaxContentSize;
            var folders = 0;
            ReadFolder(folder, "", files, ref left, ref folders);
            var digest = ComputeDigest(program, files);
            return files.Remove(program, out var module)
                ? new OciImage
                {
                    Digest = digest,
                    Program = module,
                    Files = [.. files.Select(file => new ImageFile(file.Key, file.Value))],
                    Session = null,
                    Cas = null,
                }
                : RuntimeReasons.BadImage.Because($"{folder} has no program {program}");
        }
        catch (Exception failure) when (failure is InvalidDataException or IOException or UnauthorizedAccessException)
        {
            return RuntimeReasons.BadImage.Because($"{folder} is no tree of a program: {failure.Message}");
        }
    }

    /// <summary>Computes the digest of a tree.</summary>
    /// <param name="program">The absolute path of the program.</param>
    /// <param name="files">All files, by their absolute paths.</param>
    /// <returns>64 lower-case hex digits.</returns>
    public static string ComputeDigest(string program, IReadOnlyDictionary<string, byte[]> files)
    {
        ArgumentNullException.ThrowIfNull(program);
        ArgumentNullException.ThrowIfNull(files);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        void Append(string text) => hash.AppendData(Encoding.UTF8.GetBytes(text));
        Append(string.Create(CultureInfo.InvariantCulture, $"{Header}{program}\n{files.Count}\n"));
        foreach (var (path, content) in files.OrderBy(file => Encoding.UTF8.GetBytes(file.Key), ByteOrder.Instance))
        {
            Append(string.Create(
                CultureInfo.InvariantCulture, $"{Convert.ToHexStringLower(SHA256.HashData(content))} {content.Length} {path}\n"));
        }
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private static void ReadFolder(string root, string path, Dictionary<string, byte[]> files, ref long left, ref int folders)
    {
        if (++folders > MaxFolders)
        {
            throw new InvalidDataException($"it has more than {MaxFolders} folders");
        }
        foreach (var entry in Directory.EnumerateFileSystemEntries(root + path))
        {
            var name = $"{path}/{Path.GetFileName(entry)}";
            if (EngineFolders.Contains(name) || EngineFiles.Contains(name))
            {
                continue;
            }
            if (name.Any(letter => char.IsControl(letter) || letter == '\ufffd'))
            {
                throw new InvalidDataException($"a name in {(path.Length == 0 ? "/" : path)} is no text");
            }
            switch (HostFileSystem.FindKind(entry))
            {
                case FileKind.Directory:
                    ReadFolder(root, name, files, ref left, ref folders);
                    break;
                case FileKind.RegularFile:
                    files[name] = ReadFile(entry, files.Count, ref left);
                    break;
                case null:
                    throw new IOException($"{name} cannot be read");
                default:
                    throw new InvalidDataException($"{name} is a link or a device; an image for a program has only files and folders");
            }
        }
    }

    private static byte[] ReadFile(string file, int count, ref long left)
    {
        using var content = File.OpenRead(file);
        left -= content.Length;
        if (left < 0 || count >= MaxFiles)
        {
            throw new InvalidDataException($"it holds more than {MaxContentSize} bytes or {MaxFiles} files");
        }
        var bytes = new byte[content.Length];
        content.ReadExactly(bytes);
        return bytes;
    }

    private sealed class ByteOrder : IComparer<byte[]>
    {
        public static ByteOrder Instance { get; } = new();

        public int Compare(byte[]? x, byte[]? y) => x.AsSpan().SequenceCompareTo(y);
    }
}
