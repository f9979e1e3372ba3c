using System.Text.Json;
using System.Text.Json.Serialization;
using Guardian.Cli.Failures;
using Guardian.Cli.Inputs;
using Guardian.Cli.Installation;
using Guardian.Refusals;

namespace Guardian.Cli.Rooms;

/// <summary>The connection to a room that the user remembered with <c>guardian room use</c>. It is a convenience, and no ground for trust:
/// each command verifies the enclave as before.</summary>
/// <param name="Room">The room's address, <c>https://host:port</c>.</param>
/// <param name="Key">The full path of the member's key.</param>
internal sealed record KnownRoom(string Room, string Key)
{
    // By the contract's hash: a contract that succeeds this one has another room.
    private static string PathOf(string contractHash) => Path.Combine(UserFolders.Configuration, "rooms", $"{contractHash}.json");

    /// <summary>Reads the connection of a contract; null when none is remembered.</summary>
    /// <param name="contractHash">The contract's hash, lower-case hex.</param>
    /// <exception cref="RefusedException">The file has another content.</exception>
    public static KnownRoom? Find(string contractHash)
    {
        var path = PathOf(contractHash);
        if (!File.Exists(path))
        {
            return null;
        }
        try
        {
            if (JsonSerializer.Deserialize(InputFile.ReadBytes(path), KnownRoomJson.Default.KnownRoom) is { Key.Length: > 0 } known
                && Uri.TryCreate(known.Room, UriKind.Absolute, out var address) && address.Scheme == Uri.UriSchemeHttps)
            {
                return known;
            }
        }
        catch (JsonException)
        {
            // The refusal below covers every kind of malformed file.
        }
        throw CliReasons.BadFile.Refuse(
            $"{path} remembers no connection to a room", "write it again: guardian room use CONTRACT --room ADDRESS --key FILE");
    }

    /// <summary>Remembers it for a contract, in place of an earlier one.</summary>
    public void Save(string contractHash)
    {
        var path = PathOf(contractHash);
        InputFile.Use(path, () =>
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllBytes(path, JsonSerializer.SerializeToUtf8Bytes(this, KnownRoomJson.Default.KnownRoom));
            return path;
        });
    }
}

/// <summary>Source-generated JSON of the file.</summary>
[JsonSourceGenerationOptions(
    JsonSerializerDefaults.Strict, PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true)]
[JsonSerializable(typeof(KnownRoom))]
internal sealed partial class KnownRoomJson : JsonSerializerContext;
