using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;
using Guardian.CleanRoom.Contract;
using Guardian.CleanRoom.Keys;

namespace Guardian.CleanRoom.Data;

/// <summary>The stored facts about an upload, and about the version that it became.</summary>
/// <param name="DataSet">The data set.</param>
/// <param name="Version">
/// The public name: 32 random bytes, lower-case hex. A digest would let others test guesses about rows, and equal content would show.
/// </param>
/// <param name="Digest">Digest of the content, lower-case hex. Only the owner and the enclave know it.</param>
/// <param name="Rows">Persons in it. Only the owner and the enclave know the number.</param>
/// <param name="Key">The key of its chunks on disk: 32 random bytes, destroyed with it.</param>
internal sealed record UploadManifest(string DataSet, string Version, string Digest, int Rows, byte[] Key)
{
    /// <summary>Draws a public name.</summary>
    public static string DrawVersion() => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(SHA256.HashSizeInBytes));

    /// <summary>Draws a key.</summary>
    public static byte[] DrawKey() => RandomNumberGenerator.GetBytes(RoomKeys.KeySize);

    /// <summary>The content of the chunks; a version's are sorted.</summary>
    public UploadForm Form { get; init; }

    /// <summary>Digest of the version that changes are for; null otherwise.</summary>
    public string? Base { get; init; }

    /// <summary>Invalid cells of the owner's file, as its client announced them.</summary>
    public int InvalidCells { get; init; }

    /// <summary>For a version that the enclave made: digest of the upload; null otherwise.</summary>
    public string? Upload { get; init; }
}

[JsonSourceGenerationOptions(JsonSerializerDefaults.Strict)]
[JsonSerializable(typeof(VersionList))]
internal sealed partial class UploadJson : JsonSerializerContext;
