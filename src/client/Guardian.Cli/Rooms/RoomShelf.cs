using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Guardian.Cli.Failures;
using Guardian.Cli.Inputs;
using Guardian.Cli.Installation;
using Guardian.Documents;
using Guardian.Refusals;

namespace Guardian.Cli.Rooms;

/// <summary>A document of a folder: a contract, or a member's draft of its part.</summary>
/// <param name="Id">A short name for it in addresses, from its path.</param>
/// <param name="Path">Its full path.</param>
/// <param name="IsContract">Whether it is a contract; else it is a draft.</param>
internal sealed record ShelfEntry(string Id, string Path, bool IsContract)
{
    /// <summary>The folder, which also holds keys, data, signatures and receipts.</summary>
    public string Folder => System.IO.Path.GetDirectoryName(Path)!;

    /// <summary>Makes the entry of a file.</summary>
    public static ShelfEntry Of(string path, bool isContract)
    {
        var full = System.IO.Path.GetFullPath(path);
        return new ShelfEntry(Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(full)))[..16], full, isContract);
    }
}

/// <summary>The folders with rooms that the user opened, remembered for <c>guardian open</c>.</summary>
internal static class RoomShelf
{
    private const int MaxFolders = 200;

    /// <summary>The folder in which new rooms get theirs.</summary>
    public static string Home => Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), "guardian");

    private static string File => Path.Combine(UserFolders.Configuration, "folders.json");

    /// <summary>The remembered folders that still exist.</summary>
    /// <exception cref="RefusedException">The file has another content.</exception>
    public static IReadOnlyList<string> Folders
    {
        get
        {
            if (!System.IO.File.Exists(File))
            {
                return [];
            }
            try
            {
                if (JsonSerializer.Deserialize(InputFile.ReadBytes(File), ShelfJson.Default.IReadOnlyListString) is { } folders)
                {
                    return [.. folders.Where(Directory.Exists)];
                }
            }
            catch (JsonException)
            {
                // The refusal below covers every kind of malformed file.
            }
            throw CliReasons.BadFile.Refuse($"{File} remembers no folders", "remove it, and name the folders: guardian open FOLDER");
        }
    }

    /// <summary>Remembers a folder; the newest comes first.</summary>
    public static void Add(string folder)
    {
        var full = Path.GetFullPath(folder);
        IReadOnlyList<string> folders = [.. Folders.Where(known => known != full).Prepend(full).Take(MaxFolders)];
        InputFile.Use(File, () =>
        {
            Directory.CreateDirectory(UserFolders.Configuration);
            System.IO.File.WriteAllBytes(File, JsonSerializer.SerializeToUtf8Bytes(folders, ShelfJson.Default.IReadOnlyListString));
            return File;
        });
    }

    /// <summary>Finds contracts and drafts in the remembered folders.</summary>
    public static IReadOnlyList<ShelfEntry> List() => [.. Folders.SelectMany(ListFolder)];

    /// <summary>Finds one by its short name.</summary>
    /// <exception cref="RefusedException">There is none.</exception>
    public static ShelfEntry Find(string id, bool isContract) =>
        List().FirstOrDefault(entry => entry.Id == id && entry.IsContract == isContract)
        ?? throw CliReasons.Io.Refuse($"there is no {(isContract ? "contract" : "draft")} '{id}' in the folders that are open");

    /// <summary>Finds contracts and drafts in a folder.</summary>
    public static IEnumerable<ShelfEntry> ListFolder(string folder) =>
        Directory.EnumerateFiles(folder, "*.yaml").Order(StringComparer.Ordinal)
            .Select(path => (path, Kind: FindKind(path))).Where(file => file.Kind is not null)
            .Select(file => ShelfEntry.Of(file.path, file.Kind == true));

    /// <summary>Whether a document is a contract (true), a draft (false), or neither (null), by its first words.</summary>
    public static bool? FindKind(ReadOnlySpan<byte> document)
    {
        if (document.Length > YamlDocument.MaxSize)
        {
            return null;
        }
        var isDraft = false;
        foreach (var line in Encoding.UTF8.GetString(document).Split('\n'))
        {
            if (line.StartsWith("room:", StringComparison.Ordinal))
            {
                return true;
            }
            isDraft |= line.StartsWith("datasets:", StringComparison.Ordinal);
        }
        return isDraft ? false : null;
    }

    private static bool? FindKind(string path)
    {
        try
        {
            return new FileInfo(path).Length > YamlDocument.MaxSize ? null : FindKind(System.IO.File.ReadAllBytes(path));
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            // A file that cannot be read is nobody's contract here.
            return null;
        }
    }
}

/// <summary>Source-generated JSON of the file.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Strict, WriteIndented = true)]
[JsonSerializable(typeof(IReadOnlyList<string>))]
internal sealed partial class ShelfJson : JsonSerializerContext;
